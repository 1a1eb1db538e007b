"""The rules about enforcement as people read them: activities, documents, who signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.answers.policy.labels import Rule, Say
from evidence.locale import CHINESE, ENGLISH, duration
from evidence.policy.rules import Pack, cite_ids


def enforcement_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md); null: the pack leaves it to the union."""
    rules = pack.enforcement
    kinds, documents, signers = rules.activities, rules.documents, rules.signers
    return {
        "activities": kinds
        and {
            "kinds": list(kinds.words),
            "least_percent": kinds.least_percent or None,
            "cites": list(cite_ids(kinds.cites)),
        },
        "enforcement_documents": documents
        and {
            "types": list(documents.types),
            "tolerance_s": documents.tolerance.total_seconds(),
            "cites": list(cite_ids(documents.cites)),
        },
        "signers": signers and {"cites": list(cite_ids(signers.cites))},
    }


def enforcement_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people."""
    rules = pack.enforcement
    if kinds := rules.activities:
        yield "activities", "; ".join(say(f"activity-kind.{one}") for one in kinds.words), (), kinds.cites
        if kinds.least_percent:
            value = say("policy.activity-share-value", least=kinds.least_percent)
            yield "activity-share", value, ("activities.least_percent",), ()
    if documents := rules.documents:
        words = "; ".join(say(f"document-type.{one}") for one in documents.types)
        yield "documents", words, ("enforcement_documents.types",), documents.cites
        value = say(
            "policy.document-times-value",
            tolerance=duration(CHINESE, documents.tolerance.total_seconds()),
            tolerance_en=duration(ENGLISH, documents.tolerance.total_seconds()),
        )
        yield "document-times", value, ("enforcement_documents.tolerance_min",), ()
    if rules.signers:
        yield "signers", say("policy.signers-value"), (), rules.signers.cites
