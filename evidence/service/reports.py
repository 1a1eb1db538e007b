"""Reports, read only: findings with filters, and the gap report that a supervisor reads first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.findings import Code, Severity
from evidence.domain.rights import Action
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Invalid, NoSpace, NotFound
from evidence.policy.rules import Duty, cite_ids
from evidence.service.by_unit import UnitCounts, count_by_unit
from evidence.service.catalogue import StoredFinding
from evidence.service.deadlines import DeadlineRow, Deadlines
from evidence.service.faults import findings_within
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.neighbours import without_strangers
from evidence.service.site import Site
from evidence.service.unlabelled import UnlabelledRecording, unlabelled_of
from evidence.service.uploads import RESERVE_BYTES

# What is missing from the time line: the codes a gap report is made of.
_INTERRUPTIONS = frozenset(
    {
        Code.GAP_BETWEEN_FILES,
        Code.GAP_IN_FILE,
        Code.AUDIO_GAP,
        Code.MISSING_SEQUENCE_NUMBER,
        Code.TRUNCATED,
        Code.UNREADABLE,
        Code.EMPTY_FILE,
        Code.CARD_INCOMPLETE,
    }
)
_FAULTS = frozenset({Code.FIXITY_FAULT, Code.PAST_FIXITY_FAULT})
_OWN_PART = _INTERRUPTIONS | _FAULTS | {Code.LATE}  # all others are to be explained
_KEPT = (UploadState.RECEIVING, UploadState.COMPLETE, UploadState.REFUSED, UploadState.EXPIRED)
_PARTS = 7  # of a gap report: its first fields
_MISSING = frozenset({DeadlineKind.PENDING, DeadlineKind.DUE_SOON, DeadlineKind.OVERDUE})


Reported = DeadlineRow | StoredFinding | UnlabelledRecording | Upload
Line = TypeVar("Line", DeadlineRow, StoredFinding, UnlabelledRecording, Upload)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the gap report is asked for: one recorder, the days from `since` to `until`, both in."""

    device: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """The day to which each line belongs: when recording ended, in the law's time zone; where nobody can
    say, when the server first heard of the file. What has no file of that name: when it was found."""

    zone: ZoneInfo
    known: Mapping[tuple[str, str], datetime]  # by device and name

    def of(self, one: Reported) -> date:
        """Return the day of a line."""
        device, name, otherwise = _place(one)
        found = one.state.counted_from if isinstance(one, DeadlineRow) else self.known.get((device, name))
        return (found or otherwise).astimezone(self.zone).date()

    def are_asked(self, one: Reported, asked: Asked) -> bool:
        """Tell whether a line belongs to what is asked for."""
        day = self.of(one)
        return (
            asked.device in (None, _place(one)[0])
            and (asked.since is None or asked.since <= day)
            and (asked.until is None or day <= asked.until)
        )


def _place(one: Reported) -> tuple[str, str, datetime]:
    """Return device and name of a line, and a time that is always known."""
    if isinstance(one, DeadlineRow):
        return one.device, one.name, one.state.counted_from
    if isinstance(one, StoredFinding):
        return one.device, str(one.body["file"]), one.at
    if isinstance(one, Upload):
        return one.origin.device, one.origin.name, one.created_at
    origin = one.stored.recording.origin
    return origin.device, origin.name, one.stored.first_seen_at


@dataclass(frozen=True, slots=True)
class GapReport:
    """What a supervisor must see at once: missing, late, interrupted, unexplained."""

    faults: Sequence[StoredFinding]  # not what was sealed, at the last pass or at one before
    missing: Sequence[DeadlineRow]  # announced by a card's list, not sealed
    late: Sequence[DeadlineRow]
    interruptions: Sequence[StoredFinding]
    to_explain: Sequence[StoredFinding]  # everything else above "info"
    unlabelled: Sequence[UnlabelledRecording]
    set_aside: Sequence[Upload]  # refused or expired uploads whose bytes are kept in staging
    days: Days
    made_at: datetime
    by_unit: Sequence[UnitCounts] = ()  # how many of these lines each unit answers for
    unit_cites: tuple[str, ...] = ()  # why it does


def _gravest_first(one: StoredFinding) -> tuple[int, str, float, str]:
    """Order findings: breaches first, then by file and place in time."""
    gravity = list(Severity).index(Severity(str(one.body["severity"])))
    start = one.body["start_s"]
    place = float(start) if isinstance(start, int | float) else -1.0
    return -gravity, str(one.body["file"]), place, str(one.body["code"])


def _interruptions(serious: Sequence[StoredFinding]) -> Iterator[StoredFinding]:
    """Yield what is missing from the time line, each loss once: that a file which was cut off has no time
    line to read is no second one."""
    cut = {(one.device, one.body["file"]) for one in serious if one.body["code"] == Code.TRUNCATED}
    for one in serious:
        told = one.body["code"] == Code.UNREADABLE and (one.device, one.body["file"]) in cut
        if one.body["code"] in _INTERRUPTIONS and not told:
            yield one


def _verify_asked(asked: Asked, devices: Collection[str]) -> None:
    """Refuse what can only be a slip: its answer would be that nothing is wrong."""
    if asked.device is not None and asked.device not in devices:
        raise NotFound("device-not-found", device=asked.device)
    if asked.since is not None and asked.until is not None and asked.until < asked.since:
        raise Invalid("days-reversed", since=asked.since.isoformat(), until=asked.until.isoformat())


@dataclass(frozen=True)
class Reports:
    """The desk for reports."""

    site: Site

    @admits(Action.READ_FINDINGS)
    def findings(self, caller: Caller, least: Severity = Severity.INFO) -> Sequence[StoredFinding]:
        """Return the findings within reach of at least this severity; the look is logged."""
        self._log(caller, "findings")
        there, now = reach(caller, Action.READ_FINDINGS, self.site.bars()), self.site.clock.now()
        with self.site.database.reading() as unit:
            found = without_strangers(unit, findings_within(unit, there, now), there, now)
        order = list(Severity)
        lowest = order.index(least)
        kept = [one for one in found if order.index(Severity(str(one.body["severity"]))) >= lowest]
        return sorted(kept, key=_gravest_first)

    @admits(Action.READ_GAPS)
    def gaps(self, caller: Caller, asked: Asked = Asked()) -> GapReport:  # noqa: B008 (frozen)
        """Return the gap report within reach, or the part of it that is asked for; the look is logged.

        Raises: NotFound("device-not-found") for a recorder of which nothing is known within reach,
        Invalid("days-reversed").
        """
        self._log(caller, "gaps")
        there, now = reach(caller, Action.READ_GAPS, self.site.bars()), self.site.clock.now()
        with self.site.database.reading() as unit:
            rows = Deadlines(self.site).rows(unit, there, now)
            found = without_strangers(unit, findings_within(unit, there, now), there, now)
            recordings = list(unit.recordings.all(reach=there, at=now))
            aside = [
                one
                for state in (UploadState.REFUSED, UploadState.EXPIRED)
                for one in unit.uploads.in_state(state, reach=there, at=now)
            ]
        lines: list[Reported] = [*rows, *found, *aside]
        devices = {_place(one)[0] for one in lines} | {one.recording.origin.device for one in recordings}
        _verify_asked(asked, devices)
        serious = sorted((one for one in found if one.body["severity"] != Severity.INFO), key=_gravest_first)
        days = self._days(rows)

        def part(lines: Iterable[Line]) -> list[Line]:
            return [one for one in lines if days.are_asked(one, asked)]

        report = GapReport(
            faults=part(one for one in serious if one.body["code"] in _FAULTS),
            missing=part(row for row in rows if row.state.kind in _MISSING),
            late=part(row for row in rows if row.state.kind is DeadlineKind.LATE),
            interruptions=part(_interruptions(serious)),
            to_explain=part(
                one for one in serious if one.body["code"] not in _OWN_PART and one.scope_kind != "announced"
            ),
            unlabelled=part(one for one in unlabelled_of(self.site.policies, recordings, now) if one.missing),
            set_aside=part(aside),
            days=days,
            made_at=now,
        )
        return self._by_unit(report)

    def _days(self, rows: Sequence[DeadlineRow]) -> Days:
        known = {(row.device, row.name): row.state.counted_from for row in rows}
        return Days(ZoneInfo(self.site.policies.latest.time_zone), known)

    @admits(Action.READ_STATUS)
    def status(self, caller: Caller) -> dict[str, object]:
        """Return the state of the site, said as it is measured now; the look is logged."""
        self._log(caller, "status")
        with self.site.database.reading() as unit:
            jobs = dict(unit.jobs.counts())
            kept = {upload.id for state in _KEPT for upload in unit.uploads.in_state(state)}
        strength = self.site.vault.strength()
        staged = [file.upload_id or file.name for file in self.site.staging.census()]
        return {
            "lock": {"kind": strength.kind, "withstands": strength.withstands},
            "jobs": jobs,
            "staging": {
                "files": len(staged),
                "free_bytes": self.site.staging.free_bytes(),
                "debris": sorted(set(staged) - kept),
            },
            "policy": self.site.policies.at(self.site.clock.now().date()).id,
            "sm3": self.site.terms.sm3,
        }

    def verify_ready(self) -> None:
        """Raise unless uploads can be taken now. Raises: Unavailable, NoSpace."""
        with self.site.database.reading() as unit:
            unit.jobs.counts()
        if self.site.staging.free_bytes() < RESERVE_BYTES:
            raise NoSpace("no-space", where="staging")

    def _by_unit(self, report: GapReport) -> GapReport:
        now = self.site.clock.now()
        parts = {field.name: getattr(report, field.name) for field in fields(report)[:_PARTS]}
        _, cites = pack_at(self.site.policies, now).duty(Duty.RESPONSIBLE_UNIT)
        with self.site.database.reading() as unit:
            counts = count_by_unit(unit, parts, now)
        return replace(report, by_unit=counts, unit_cites=cite_ids(cites))

    def _log(self, caller: Caller, what: str) -> None:
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": what}), self.site.clock.now())
