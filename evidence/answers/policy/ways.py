"""The rules about footage on its way out, as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.answers.policy.labels import Rule, Say
from evidence.locale import CHINESE, ENGLISH, text
from evidence.policy.rules import Pack, cite_ids
from evidence.policy.ways_out import WayOut

_WAYS = ("transfer", "party_copy", "outside_supply")


def ways_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md); null: the pack leaves it to the union."""
    media = pack.ways_out.long_term_media
    return {
        **{name: _way_out(getattr(pack.ways_out, name)) for name in _WAYS},
        "long_term_media": media
        and {"check_months": media.check_months, "cites": list(cite_ids(media.cites))},
    }


def way_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people."""
    for name in _WAYS:
        rule: WayOut | None = getattr(pack.ways_out, name)
        if rule is not None:
            words = {
                "deciders": "、".join(text(CHINESE, f"decider.{word}") for word in rule.decided_by),
                "deciders_en": ", ".join(text(ENGLISH, f"decider.{word}") for word in rule.decided_by),
            }
            value = say("policy.way-value", **words, valid=rule.valid_days, answer=rule.answer_days)
            fields = tuple(f"{name}.{key}" for key in ("decided_by", "valid_days", "answer_days"))
            yield name.replace("_", "-"), value, fields, rule.cites
    if media := pack.ways_out.long_term_media:
        value = say("policy.long-term-media-value", months=media.check_months)
        yield "long-term-media", value, ("long_term_media.check_months",), media.cites


def _way_out(rule: WayOut | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {
        "decided_by": list(rule.decided_by),
        "valid_days": rule.valid_days,
        "answer_days": rule.answer_days,
        "cites": list(cite_ids(rule.cites)),
    }
