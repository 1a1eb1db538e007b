"""Labels of a recording: what can be said, what is so after all that was said, what is missing.

A label is one text in one form: several officers are their numbers with a space between, a time of use is
`<from>/<to>` in UTC. What is said later takes the place of what was said before; nothing is forgotten. What
the dock said stands in the recording (and, signed, in its manifest) and is the first of the history. Who
wore the recorder is its officer, and when it recorded its time, as long as nobody says more. What must be
said, and in which words: the policy pack in force at capture (Dazhe 2020 art. 12 and its annex).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from evidence.domain.instants import from_text, to_text
from evidence.errors import Invalid, Known
from evidence.policy.rules import Label, MustRecord, Pack

DOCK = "dock"  # who gave a label that came with the recording
LONGEST = 200
MOST_OFFICERS = 20
PERSONAL = frozenset({Label.INSPECTED_PARTY, Label.PLACE})
"""Free text about somebody: to be erasable, so neither in an entry of the log nor in a piece of rows."""
_BETWEEN = re.compile(r"[\s,，、]+")  # numbers of officers
_OF_THE_ANNEX = (Label.CATEGORY, Label.STAGE, Label.MATTER)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody said of one label, with its place in the recording's history, from 1; the dock's own, of
    which nothing was said since, have 0.

    value: None for a case number that is to follow by `due`, a day of the law's own time zone; and for
    personal words that a rebuild could not bring back. ended: something else was said, or it was taken off.
    """

    id: str
    serial: int
    name: str
    value: str | None
    due: date | None
    given_by: str
    given_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a recording lacks of the labels that it must carry. due: the day by which its case number was or
    is to follow, where somebody said "not yet"."""

    missing: tuple[str, ...]
    due: date | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether a case number that was to follow has not come."""
        return self.due is not None and Label.CASE_NUMBER in self.missing


def read_value(name: Label, text: str) -> str:
    """Return a label's text in its one form. Raises: Invalid("invalid-label") naming the label."""
    words = text.strip()
    if not words or len(words) > LONGEST or not words.replace("\u3000", " ").isprintable():
        raise Invalid("invalid-label", label=name.value)
    if name is Label.OFFICER:
        numbers = list(dict.fromkeys(_BETWEEN.split(words)))
        if "" in numbers or len(numbers) > MOST_OFFICERS:
            raise Invalid("invalid-label", label=name.value)
        return " ".join(numbers)
    return _time(words) if name is Label.TIME else words


def officers_of(text: str) -> tuple[str, ...]:
    """Return the numbers that a label of officers names, as somebody or a dock wrote it."""
    return tuple(dict.fromkeys(one for one in _BETWEEN.split(text) if one))


def _time(words: str) -> str:
    first, _, last = words.partition("/")
    try:
        start, end = from_text(first.strip()), from_text(last.strip())
    except (ValueError, OverflowError):
        raise Invalid("invalid-label", label=Label.TIME.value) from None
    if end <= start:
        raise Invalid("invalid-label", label=Label.TIME.value)
    return f"{to_text(start)}/{to_text(end)}"


def verify_by_pack(said: Mapping[str, str], stands: Mapping[str, str], pack: Pack) -> None:
    """Verify what is newly said of a recording by the pack in force at its capture.

    said: only the new values. stands: the values that stand then, new ones among them. What the dock said is
    not judged, but what is said beside it must agree with it.
    Raises: Invalid("case-number-form", "not-in-annex").
    """
    form, number = pack.labels.case_number, said.get(Label.CASE_NUMBER)
    if number is not None and form is not None and re.fullmatch(form, number, re.ASCII) is None:
        raise Invalid("case-number-form", found=number, expected=form)
    new = [label for label in _OF_THE_ANNEX if label in said]
    wanted = {label.value: stands[label] for label in _OF_THE_ANNEX if label in stands}
    fits = any(all(getattr(line, key) == text for key, text in wanted.items()) for line in pack.must_record)
    if new and not fits:
        wrong = _wrong(new, wanted, pack.must_record)
        raise not_in_annex(wrong, wanted, pack.must_record)


def not_in_annex(wrong: Label, wanted: Mapping[str, str], lines: Sequence[MustRecord]) -> Invalid:
    """Return the refusal of a word, with those that the annex has in its place beside the other words; where
    no line has these either, all of that label.
    """
    others = [key for key in wanted if key != wrong]
    fitting = [line for line in lines if all(getattr(line, key) == wanted[key] for key in others)]
    known = dict.fromkeys(str(getattr(line, wrong.value)) for line in fitting or lines)
    return Invalid("not-in-annex", label=wrong.value, found=wanted[wrong], known=Known(known))


def _wrong(new: Sequence[Label], wanted: Mapping[str, str], lines: Sequence[MustRecord]) -> Label:
    """Return which of the new words is wrong: one that no line has at all, else the first with which no line
    is left beside the words before it, those that stand already first.
    """
    for label in new:
        if all(getattr(line, label.value) != wanted[label.value] for line in lines):
            return label
    order = [*(key for key in wanted if key not in new), *new]
    for key in order:
        lines = [line for line in lines if getattr(line, key) == wanted[key]]
        if not lines and key in new:
            return Label(key)
    return new[0]


def history(docked: Mapping[str, str], sealed_at: datetime, rows: Iterable[Given]) -> tuple[Given, ...]:
    """Return all that was ever said of a recording's labels, the dock's first, then in order.

    docked: what came with the recording. A row of the dock's is there once its label has ended; its words
    stand in the recording.
    """
    said = [replace(one, value=docked.get(one.name)) if one.given_by == DOCK else one for one in rows]
    spoken_of = {one.name for one in said}
    first = [
        Given("", 0, name, text, None, DOCK, sealed_at)
        for name, text in sorted(docked.items())
        if text and name not in spoken_of
    ]
    from_dock = sorted((one for one in said if one.given_by == DOCK), key=lambda one: one.serial)
    later = sorted((one for one in said if one.given_by != DOCK), key=lambda one: one.serial)
    return (*first, *from_dock, *later)


def standing_of(told: Iterable[Given]) -> Mapping[str, Given]:
    """Return what stands of a history, by label: the last that was said of each, unless it was taken off."""
    return {one.name: one for one in told if one.ended_at is None}


def values_of(stands: Mapping[str, Given]) -> Mapping[str, str]:
    """Return the texts of what stands; a case number that is to follow has none."""
    return {name: one.value for name, one in stands.items() if one.value is not None}


def lacking(required: Sequence[str], stands: Mapping[str, Given]) -> tuple[str, ...]:
    """Return the required labels that nobody has said, a case number that is to follow among them."""
    return shortage(required, stands, date.max).missing


def shortage(required: Sequence[str], stands: Mapping[str, Given], today: date) -> Shortage:
    """Return what is missing on a day. required: of the pack (Dazhe 2020 art. 12).

    Officer and time are always known: the recorder's wearer, the recording's own time. A case number that is
    to follow is not missing until the end of its day.
    """
    known = {*values_of(stands), Label.OFFICER, Label.TIME}
    number = stands.get(Label.CASE_NUMBER)
    due = None if number is None or number.value is not None else number.due
    if due is not None and today <= due:
        known.add(Label.CASE_NUMBER)
    missing = tuple(name for name in required if name not in known)
    return Shortage(missing, due if Label.CASE_NUMBER in required else None)
