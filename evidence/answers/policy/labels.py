"""The rules about labels as people read them: required labels, and what must be recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evidence.policy.rules import Citation, MustRecord, Pack, cite_ids

Say = Callable[..., str]
"""Returns a text of the catalogues by its key and fields: in one language, or in both."""
Rule = tuple[str, str, tuple[str, ...], tuple[Citation, ...]]
"""Name, value, fields of the pack, articles."""


def labels_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md)."""
    rule = pack.labels
    return {
        "labels": {
            "required": list(rule.labels),
            "case_number": rule.case_number,
            "not_yet_days": rule.not_yet_days,
            "cites": list(cite_ids(rule.cites)),
        },
        "must_record": [_matter_out(one) for one in pack.must_record],
    }


def _matter_out(one: MustRecord) -> dict[str, Any]:
    return {
        "category": one.category,
        "stage": one.stage,
        "matter": one.matter,
        "recorder": one.recorder,
        "gloss_en": one.gloss_en,
        "owed_by": one.owed_by.value,
        "whole": one.is_whole,
        "cites": list(cite_ids(one.cites)),
    }


def label_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people."""
    rule = pack.labels
    labels = "; ".join(say(f"label.{label}") for label in rule.labels)
    yield "labels", labels, ("labels", "labels.required"), rule.cites
    if rule.case_number is not None:
        yield "case-number", rule.case_number, ("labels.case_number",), ()  # the articles stand just above
    if rule.not_yet_days is not None:
        days = say("policy.not-yet-value", days=rule.not_yet_days)
        yield "not-yet", days, ("labels.not_yet_days",), ()
    last: tuple[Citation, ...] = ()
    for one in pack.must_record:
        words = f"{one.category} · {one.stage} · {one.matter} ({one.recorder}) / {one.gloss_en}"
        yield "must-record", words, (), () if one.cites == last else one.cites
        last = one.cites
