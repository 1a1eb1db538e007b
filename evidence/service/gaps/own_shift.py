"""What an officer sees of their own duty: what they wear, what is on its way, missing, or asked.

Everything about what this person wore, whatever else they may see: the reach of an action with all but one's
own taken away. Every list here has an end: by pages, or by days that are looked back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.devices import Check, Device
from evidence.domain.explanations import TO_DO
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Action
from evidence.domain.subjects import UNRECORDED
from evidence.domain.uploads import UploadState
from evidence.errors import Invalid
from evidence.service.catalogue import AnnouncedFile, Section, StoredRecording
from evidence.service.gaps.deadlines import DeadlineRow, Deadlines
from evidence.service.gaps.gap_lines import Ledger, Line, Standing, ledger_of, lines_within
from evidence.service.gaps.gap_parts import Days
from evidence.service.gaps.unrecorded import Unrecorded, own_unrecorded
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.unlabelled import UnlabelledRecording, unlabelled_of
from evidence.service.site import Site

LOOKS_BACK = timedelta(days=35)  # for what is asked: a month, and some days to answer
PAGE = 50
_AT_ONCE = 200
_MOST_LOOKED_AT = 2000  # recordings for one page, where most are not of the kind that is asked for
_UNDER_WAY = (UploadState.RECEIVING, UploadState.COMPLETE)


@dataclass(frozen=True, slots=True)
class Worn:
    """A device in this person's hands. check: the newest, None where there was none."""

    device: Device
    since: datetime
    check: Check | None


@dataclass(frozen=True, slots=True)
class Coming:
    """A file that was announced and is not sealed. received: bytes that are here; None: nothing is under
    way."""

    file: AnnouncedFile
    row: DeadlineRow
    received: int | None


@dataclass(frozen=True, slots=True)
class ToExplain:
    """A line of the gap report about what this person wore, or a step in which they took part and that
    nothing shows, and how far its explanation is. cause: what is alike in this may be explained by one
    reason: what came late, what never came, what was found alike in one recorder's files of a day. None of an
    interruption: its cause, and the words about it, are its own (Dazhe 2020 art. 9)."""

    line: Line | Unrecorded
    part: str
    standing: Standing
    cause: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Everything at once. coming: the most urgent first, `more` are not shown. unlabelled: of those looked
    at; asked: what is to be explained of the last days."""

    worn: Sequence[Worn]
    coming: Sequence[Coming]
    more: int
    unlabelled: Sequence[UnlabelledRecording]
    asked: Sequence[ToExplain]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of one's recordings: those that lack labels, or all; of a recorder; sealed on days from `since`
    to `until`, both in; only these `ids`. after: where the page before ended."""

    lacking: bool = True
    device: str | None = None
    since: date | None = None
    until: date | None = None
    ids: Sequence[str] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class OwnRecording:
    """A recording, and what it lacks of labels; None where it lacks nothing."""

    stored: StoredRecording
    lacks: UnlabelledRecording | None


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A page of one's recordings, newest first. after: where the next one begins, None at the end."""

    lines: Sequence[OwnRecording]
    after: str | None


def own_reach(site: Site, caller: Caller, action: Action) -> Reach:
    """Return what an action reaches of what the caller wore."""
    there = reach(caller, action, site.bars())
    return replace(there, paths=frozenset(), member=None, opened=frozenset())


@dataclass(frozen=True)
class OwnShift:
    """The desk of an officer."""

    site: Site

    @admits(Action.OWN_SHIFT)
    def now(self, caller: Caller) -> Shift:
        """Return what one wears, what of it is to come, and what is to be done; the look is logged."""
        now = self.site.clock.now()
        self._log(caller, "own-shift")
        with self.site.database.reading() as unit:
            there = own_reach(self.site, caller, Action.READ_DEADLINES)
            coming = self._coming(unit, unit.cards.outstanding(reach=there, at=now), now)
            newest = self._newest(unit, caller, None, now)
            asked = [one for one in self._asked(unit, caller, now) if one.standing.state in TO_DO]
            return Shift(
                _worn(unit, caller.id),
                coming[:PAGE],
                max(0, len(coming) - PAGE),
                [one for one in unlabelled_of(self.site.policies, newest, now) if one.missing],
                asked,
            )

    @admits(Action.OWN_SHIFT)
    def worn(self, caller: Caller) -> Sequence[Worn]:
        """Return the devices in the caller's hands."""
        with self.site.database.reading() as unit:
            return _worn(unit, caller.id)

    @admits(Action.OWN_SHIFT)
    def asked(self, caller: Caller) -> Sequence[ToExplain]:
        """Return what is asked and was answered of the last days, what is to be done first; the look is
        logged."""
        now = self.site.clock.now()
        self._log(caller, "own-gaps")
        with self.site.database.reading() as unit:
            found = self._asked(unit, caller, now)
        return sorted(found, key=lambda one: one.standing.state not in TO_DO)

    @admits(Action.OWN_SHIFT)
    def recordings(self, caller: Caller, wanted: Wanted) -> OwnPage:
        """Return a page of one's recordings, newest first; the look is logged.

        Raises: Invalid("invalid-page").
        """
        now, before = self.site.clock.now(), _read_place(wanted.after)
        self._log(caller, "own-recordings")
        with self.site.database.reading() as unit:
            found, looked = list[OwnRecording](), 0
            while looked < _MOST_LOOKED_AT:
                some = self._newest(unit, caller, before, now)
                lacks = {one.stored.recording.id: one for one in unlabelled_of(self.site.policies, some, now)}
                for place, stored in enumerate(some, start=1):
                    before = stored.recording.sealed_at, stored.recording.id
                    line = OwnRecording(stored, lacks.get(stored.recording.id))
                    if self._is_wanted(line, wanted):
                        found.append(line)
                    if len(found) == PAGE:
                        is_last = place == len(some) and len(some) < _AT_ONCE
                        return OwnPage(found, None if is_last else _place(before))
                if len(some) < _AT_ONCE:
                    return OwnPage(found, None)
                looked += len(some)
        return OwnPage(found, None if before is None else _place(before))

    def _is_wanted(self, one: OwnRecording, wanted: Wanted) -> bool:
        recording = one.stored.recording
        day = local_day(self.site.policies, recording.sealed_at)
        return (
            (not wanted.lacking or (one.lacks is not None and bool(one.lacks.missing)))
            and wanted.device in (None, recording.origin.device)
            and (wanted.since is None or wanted.since <= day)
            and (wanted.until is None or day <= wanted.until)
            and (not wanted.ids or recording.id in wanted.ids)
        )

    def _newest(
        self, unit: UnitOfWork, caller: Caller, before: tuple[datetime, str] | None, now: datetime
    ) -> Sequence[StoredRecording]:
        there = own_reach(self.site, caller, Action.LIST_RECORDINGS)
        return unit.recordings.newest(there, now, _AT_ONCE, before)

    def _coming(self, unit: UnitOfWork, files: Sequence[AnnouncedFile], now: datetime) -> Sequence[Coming]:
        """Return what is to come, the most urgent first, with how far each is."""
        names: dict[str, list[str]] = {}
        for one in files:
            names.setdefault(one.origin.device, []).append(one.origin.name)
        received = {
            (device, upload.origin.name, upload.origin.size_bytes): upload.offset
            for device, mine in names.items()
            for upload in unit.uploads.named(device, mine, _UNDER_WAY)
        }
        desk = Deadlines(self.site)
        found = []
        for file in files:
            (row,) = desk.rows_of([file], [], now)
            key = file.origin.device, file.origin.name, file.origin.size_bytes
            found.append(Coming(file, row, received.get(key)))
        return sorted(found, key=lambda one: one.row.state.due_at)

    def _asked(self, unit: UnitOfWork, caller: Caller, now: datetime) -> Sequence[ToExplain]:
        """Return what is to be explained of the last days, and what was explained of them."""
        there = own_reach(self.site, caller, Action.READ_GAPS)
        if there.own is None:  # auxiliaries account for no evidence: an officer does
            return []
        lines = lines_within(self.site, unit, there, now, section=Section(first=now - LOOKS_BACK))
        steps = own_unrecorded(self.site, unit, caller, now - LOOKS_BACK, now)
        asked = [ToExplain(one, UNRECORDED, one.standing) for one in steps if one.standing is not None]
        known = {(row.device, row.name): row.state.counted_from for row in lines.rows}
        days = Days(ZoneInfo(self.site.policies.latest.time_zone), known)
        return [*_to_explain(ledger_of(self.site, unit, lines, now), days), *asked]

    def _log(self, caller: Caller, what: str) -> None:
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": what}), self.site.clock.now())


def _to_explain(ledger: Ledger, days: Days) -> list[ToExplain]:
    found, told = [], set[str]()
    for part, lines in ledger.lines.parts()._asdict().items():
        for line in lines:
            standing = ledger.of(line)
            if standing is not None and standing.name not in told:
                told.add(standing.name)
                found.append(ToExplain(line, part, standing, _cause(line, part, days)))
    return found


def _cause(line: Line, part: str, days: Days) -> tuple[str, ...] | None:
    if isinstance(line, DeadlineRow):
        return (part,)
    if part == "interruptions":
        return None
    return part, str(line.body["code"]), line.device, days.of(line).isoformat()


def _worn(unit: UnitOfWork, person_id: str) -> Sequence[Worn]:
    found = []
    for device_id, issue in unit.devices.open_issues(person_id).items():
        device = unit.devices.find(device_id)
        if device is not None:
            check = next(iter(unit.devices.checks(device_id)), None)
            found.append(Worn(device, issue.issued_at, check))
    return sorted(found, key=lambda one: one.device.serial)


def _place(at: tuple[datetime, str]) -> str:
    return f"{to_text(at[0])}_{at[1]}"


def _read_place(text: str | None) -> tuple[datetime, str] | None:
    if text is None:
        return None
    moment, _, recording_id = text.partition("_")
    if not is_id(recording_id):
        raise Invalid("invalid-page", most=PAGE)
    try:
        return from_text(moment), recording_id
    except (ValueError, OverflowError):
        raise Invalid("invalid-page", most=PAGE) from None
