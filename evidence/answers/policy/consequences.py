"""What follows on faults and complaints, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from evidence.answers.policy.labels import Rule, Say
from evidence.locale import CHINESE, ENGLISH, text
from evidence.policy.rules import Pack, PersonType, cite_ids


def consequences_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md); null: the pack leaves it to the union."""
    rule = pack.complaints
    return {
        "fault_outcomes": [
            {"words": list(one.words), "types": sorted(one.types), "cites": list(cite_ids(one.cites))}
            for one in pack.fault_outcomes
        ],
        "complaints": rule
        and {
            "within_days": rule.within_days,
            "apart": list(rule.apart),
            "cites": list(cite_ids(rule.cites)),
        },
    }


def consequence_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people."""
    for one in pack.fault_outcomes:
        words = {
            "words": "、".join(text(CHINESE, f"fault-outcome.{word}") for word in one.words),
            "words_en": ", ".join(text(ENGLISH, f"fault-outcome.{word}") for word in one.words),
        }
        value = say("policy.fault-outcome-value", **words, **types_text(one.types))
        yield "fault-outcome", value, (), one.cites
    if rule := pack.complaints:
        apart = {
            "apart": "、".join(text(CHINESE, f"apart.{word}") for word in rule.apart),
            "apart_en": ", ".join(text(ENGLISH, f"apart.{word}") for word in rule.apart),
        }
        value = say("policy.complaints-value", days=rule.within_days, **apart)
        yield "complaints", value, ("complaints.within_days", "complaints.apart"), rule.cites


def types_text(types: Iterable[PersonType]) -> dict[str, str]:
    """Return types of people in both languages, as fields of a text."""
    ordered = sorted(types)
    return {
        "types": "、".join(text(CHINESE, f"person-type.{one}") for one in ordered),
        "types_en": ", ".join(text(ENGLISH, f"person-type.{one}") for one in ordered),
    }
