"""All rules of a policy pack: as values for machines, and one by one in words with the articles they rest on.

Doors share it: the command line says it in both languages on one line, a page in the reader's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from evidence.answers.policy.consequences import consequence_rules, consequences_out, types_text
from evidence.answers.policy.enforcement import enforcement_out, enforcement_rules
from evidence.answers.policy.equipment import upkeep_out, upkeep_rules
from evidence.answers.policy.keeping import keeping_out, keeping_rules
from evidence.answers.policy.labels import Rule, Say, label_rules, labels_out
from evidence.answers.policy.personnel import personnel_out
from evidence.answers.policy.ways import way_rules, ways_out
from evidence.locale import CHINESE, ENGLISH, duration, text
from evidence.policy.conduct import Choice
from evidence.policy.rules import AuxiliaryBar, Citation, Continuity, Pack, UploadDeadline, cite_ids


def pack_out(pack: Pack) -> dict[str, Any]:
    """Return a pack as JSON values (docs/formats/policy-pack.md)."""
    deadline = pack.upload_deadline
    return {
        **summary_out(pack),
        "time_zone": pack.time_zone,
        "basis": {"text_zh": pack.basis_zh, "cites": _ids(pack.basis_cites)},
        "upload_deadline": {
            "within_s": deadline.within.total_seconds(),
            "warn_before_s": deadline.warn_before.total_seconds(),
            "largest_offset_s": deadline.largest_offset.total_seconds(),
            "cites": _ids(deadline.cites),
        },
        "continuity": _continuity_out(pack.continuity),
        **keeping_out(pack),
        **labels_out(pack),
        "no_editing": {"cites": _ids(pack.no_editing.cites)},
        "exemptions": pack.exemptions and _choice_out("grounds", pack.exemptions),
        "faults": pack.faults and _choice_out("kinds", pack.faults),
        **consequences_out(pack),
        **ways_out(pack),
        "secrecy": {"cites": _ids(pack.secrecy_cites)},
        "auxiliary_bars": [_bar_out(bar) for bar in pack.auxiliary_bars],
        **personnel_out(pack),
        **enforcement_out(pack),
        **upkeep_out(pack),
        "set_by_default": {one.field: {"zh": one.reason_zh, "en": one.reason_en} for one in pack.defaults},
        "adopted": {
            one.id: {"zh": one.adopted_zh, "en": one.adopted_en} for one in pack.instruments if one.adopted_zh
        },
        "citations": [_citation_out(one) for one in pack.citations],
    }


def _citation_out(one: Citation) -> dict[str, Any]:
    names = ("id", "article", "title_zh", "title_en", "text_zh", "gloss_en")
    return {name: getattr(one, name) for name in names}


def summary_out(pack: Pack) -> dict[str, Any]:
    """Return which pack it is, and since when it is in force, as JSON values."""
    return {
        "id": pack.id,
        "version": pack.version,
        "title_zh": pack.title_zh,
        "title_en": pack.title_en,
        "in_force": {
            "from": pack.in_force_from.isoformat() if pack.in_force_stated else None,
            "to": pack.in_force_to.isoformat() if pack.in_force_to else None,
            "note": {"zh": pack.in_force_note_zh, "en": pack.in_force_note_en},
            "cites": _ids(pack.in_force_cites),
        },
    }


def _bar_out(bar: AuxiliaryBar) -> dict[str, Any]:
    return {
        "acts": sorted(act.value for act in bar.acts),
        "cites": _ids(bar.cites),
        "reading": {"zh": bar.reading_zh, "en": bar.reading_en},
    }


def _continuity_out(rule: Continuity) -> dict[str, Any]:
    return {
        "tolerance_s": rule.tolerance.total_seconds(),
        "same_activity_s": rule.same_activity.total_seconds(),
        "accepted_causes": list(rule.accepted_causes),
        "number_causes": list(rule.number_causes),
        "cites": _ids(rule.cites),
    }


def _choice_out(name: str, rule: Choice) -> dict[str, Any]:
    return {name: list(rule.words), "cites": _ids(rule.cites)}


def _ids(cites: Iterable[Citation]) -> list[str]:
    return list(cite_ids(cites))


def rules_of(pack: Pack, say: Say) -> Iterator[Rule]:
    """Yield them for people. say: a text of the catalogues."""
    deadline = pack.upload_deadline
    yield "in-force", say("policy.pack-dates"), (), pack.in_force_cites
    yield "basis", pack.basis_zh, (), pack.basis_cites
    yield "time-zone", pack.time_zone, ("time_zone",), ()
    yield (
        "upload-deadline",
        _deadline_value(deadline, say),
        ("upload_deadline.within_h", "upload_deadline.warn_before_h", "upload_deadline.largest_offset_s"),
        deadline.cites,
    )
    yield from _continuity_rules(pack.continuity, say)
    yield from keeping_rules(pack, say)
    yield from label_rules(pack, say)
    yield "no-editing", say("policy.no-editing-value"), ("no_editing",), pack.no_editing.cites
    if pack.secrecy_cites:
        yield "secrecy", say("policy.secrecy-value"), (), pack.secrecy_cites
    for bar in pack.auxiliary_bars:
        acts = "; ".join(say(f"act.{act}") for act in sorted(bar.acts))
        reading = f" ({bar.reading_zh} / {bar.reading_en})" if bar.reading_zh else ""
        yield "auxiliary-bar", acts + reading, (), bar.cites
    yield from enforcement_rules(pack, say)
    yield from upkeep_rules(pack, say)
    yield from _further_rules(pack, say)


def _continuity_rules(continuity: Continuity, say: Say) -> Iterator[Rule]:
    yield (
        "continuity",
        say(
            "policy.continuity-value",
            tolerance=_length(CHINESE, continuity.tolerance),
            tolerance_en=_length(ENGLISH, continuity.tolerance),
            same=_length(CHINESE, continuity.same_activity),
            same_en=_length(ENGLISH, continuity.same_activity),
        ),
        ("continuity.tolerance_s", "continuity.same_activity_min"),
        continuity.cites,
    )
    causes = "; ".join(say(f"cause.{cause}") for cause in continuity.accepted_causes)
    yield "causes", causes, ("continuity.accepted_causes",), ()  # the articles stand just above
    if continuity.number_causes:
        causes = "; ".join(say(f"cause.{cause}") for cause in continuity.number_causes)
        yield "number-causes", causes, ("continuity.number_causes",), ()


def _further_rules(pack: Pack, say: Say) -> Iterator[Rule]:
    for name, words in (("exempting", pack.exemptions), ("fault-kind", pack.faults)):
        if words:
            yield name, "; ".join(say(f"{name}.{word}") for word in words.words), (), words.cites
    yield from consequence_rules(pack, say)
    yield from way_rules(pack, say)
    if (number := pack.person_number) is not None:
        value = say("policy.person-number-value", pattern=number.pattern, **types_text(number.types))
        yield "person-number", value, ("person_number.city_codes",), number.cites
    for rule in pack.before_duty:
        key = "policy.before-duty-days" if rule.least_days else "policy.before-duty-value"
        need = {"need": text(CHINESE, f"need.{rule.need}"), "need_en": text(ENGLISH, f"need.{rule.need}")}
        value = say(key, days=rule.least_days, **need, **types_text(rule.types))
        reading = f" ({rule.reading_zh} / {rule.reading_en})" if rule.reading_zh else ""
        yield "before-duty", value + reading, (), rule.cites
    for duty in pack.personnel_duties:
        yield "personnel-duty", say(f"duty.{duty.duty}"), (), duty.cites


def _deadline_value(deadline: UploadDeadline, say: Say) -> str:
    return say(
        "policy.deadline-value",
        within=_length(CHINESE, deadline.within),
        within_en=_length(ENGLISH, deadline.within),
        warn=_length(CHINESE, deadline.warn_before),
        warn_en=_length(ENGLISH, deadline.warn_before),
        offset=_length(CHINESE, deadline.largest_offset),
        offset_en=_length(ENGLISH, deadline.largest_offset),
    )


def _length(language: str, length: timedelta) -> str:
    return duration(language, length.total_seconds())
