"""The rules about keeping as people read them: the floor, case files, keeping for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.answers.policy.labels import Rule, Say
from evidence.policy.keeping import CaseTerms, years_of
from evidence.policy.rules import Pack, cite_ids


def keeping_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md)."""
    terms = pack.case_terms
    return {
        "retention": {"years": pack.retention.years, "cites": list(cite_ids(pack.retention.cites))},
        "case_terms": terms and {"classes": list(terms.classes), "cites": list(cite_ids(terms.cites))},
        "long_term": {
            "grounds": list(pack.long_term.grounds),
            "cites": list(cite_ids(pack.long_term.cites)),
        },
    }


def keeping_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people."""
    years = say("policy.retention-value", years=pack.retention.years)
    yield "retention", years, ("retention", "retention.years"), pack.retention.cites
    if (terms := pack.case_terms) is not None:
        yield "case-terms", _classes(terms, say), ("case_terms.classes",), terms.cites
    grounds = "; ".join(say(f"ground.{ground}") for ground in pack.long_term.grounds)
    yield "long-term", grounds, ("long_term", "long_term.grounds"), pack.long_term.cites


def _classes(terms: CaseTerms, say: Say) -> str:
    return "; ".join(term_text(term, say) for term in terms.classes)


def term_text(term: str, say: Say) -> str:
    """Return a class of case files as people read it."""
    years = years_of(term)
    return say(f"case-term.{term}") if years is None else say("case-term.years", years=years)
