"""The rules about equipment as people read them: classes, check, keeping, need;
the time in which case files are archived; samples; check-points.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.answers.policy.labels import Rule, Say
from evidence.locale import CHINESE, ENGLISH, duration
from evidence.policy.check_points import CheckPoint
from evidence.policy.equipment import Articles
from evidence.policy.rules import Pack, cite_ids

_ARTICLES = ("keeping", "retirement", "lending")


def upkeep_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md); null: the pack leaves it to the union."""
    return {
        "case_file": _archiving_out(pack),
        "sampling": _sampling_out(pack),
        "check_points": [_check_point_out(one) for one in pack.check_points],
        "equipment": _equipment_out(pack),
    }


def upkeep_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people."""
    yield from _archiving_rules(pack, say)
    if rule := pack.sampling:
        value = say("policy.sampling-value", share=rule.share_percent, least=rule.least)
        yield "sampling", value, ("sampling.share_percent", "sampling.least"), rule.cites
    yield from (_check_point_rule(one, say) for one in pack.check_points)
    yield from _equipment_rules(pack, say)


def _equipment_out(pack: Pack) -> dict[str, Any]:
    rules = pack.equipment
    classes, check, need = rules.classes, rules.check, rules.need
    return {
        "classes": classes and {"classes": list(classes.words), "cites": list(cite_ids(classes.cites))},
        "check": check
        and {
            "within_s": check.within.total_seconds(),
            "least_battery_percent": check.least_battery_percent,
            "least_free_percent": check.least_free_percent,
            "cites": list(cite_ids(check.cites)),
        },
        "need": need
        and {"officers_per_recorder": need.officers_per_recorder, "cites": list(cite_ids(need.cites))},
        **{name: _articles_out(getattr(rules, name)) for name in _ARTICLES},
    }


def _articles_out(rule: Articles | None) -> dict[str, Any] | None:
    return None if rule is None else {"cites": list(cite_ids(rule.cites))}


def _equipment_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    rules = pack.equipment
    if rules.classes:
        words = "; ".join(say(f"device-class.{one}") for one in rules.classes.words)
        yield "device-classes", words, (), rules.classes.cites
    if check := rules.check:
        value = say(
            "policy.pre-shift-check-value",
            within=duration(CHINESE, check.within.total_seconds()),
            within_en=duration(ENGLISH, check.within.total_seconds()),
            battery=check.least_battery_percent,
            free=check.least_free_percent,
        )
        fields = ("within_h", "least_battery_percent", "least_free_percent")
        yield "pre-shift-check", value, tuple(f"pre_shift_check.{one}" for one in fields), check.cites
    for name in _ARTICLES:
        if one := getattr(rules, name):
            yield f"device-{name}", say(f"policy.device-{name}-value"), (), one.cites
    if rules.need:
        value = say("policy.device-need-value", officers=rules.need.officers_per_recorder)
        yield "device-need", value, ("device_need.officers_per_recorder",), rules.need.cites


def _archiving_out(pack: Pack) -> dict[str, Any] | None:
    rule = pack.archiving
    return None if rule is None else {"within_days": rule.within_days, "cites": list(cite_ids(rule.cites))}


def _sampling_out(pack: Pack) -> dict[str, Any] | None:
    rule = pack.sampling
    if rule is None:
        return None
    return {"share_percent": rule.share_percent, "least": rule.least, "cites": list(cite_ids(rule.cites))}


def _check_point_out(one: CheckPoint) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "stages": list(one.stages),
        "phrase": one.phrase,
        "within_s": one.within.total_seconds() or None,
        "cites": list(cite_ids(one.cites)),
    }


def _check_point_rule(one: CheckPoint, say: Say) -> Rule:
    seconds, stages = round(one.within.total_seconds()), "、".join(one.stages)
    value = say(f"policy.{one.kind}-value", stages=stages, phrase=one.phrase or "–", seconds=seconds)
    fields = tuple(f"check_points.{one.kind}.{name}" for name in ("stages", "within_s"))
    return "check-point", value, fields, one.cites


def _archiving_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    if pack.archiving:
        value = say("policy.case-file-value", days=pack.archiving.within_days)
        yield "case-file", value, ("case_file.within_days",), pack.archiving.cites
