"""Reports, read only: findings with filters, and the gap report that a supervisor reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.findings import Severity
from evidence.domain.rights import Action
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import NoSpace
from evidence.policy.rules import Duty, cite_ids
from evidence.service.by_unit import UnitCounts, count_by_unit
from evidence.service.catalogue import StoredFinding
from evidence.service.deadlines import DeadlineRow
from evidence.service.faults import findings_within
from evidence.service.gap_lines import (
    FAULTS,
    Ledger,
    Standing,
    StateCount,
    count_states,
    count_wearers,
    gravest_first,
    ledger_of,
    lines_within,
)
from evidence.service.gap_parts import (
    Asked,
    Days,
    PartFilter,
    Reported,
    place_of,
    verify_asked,
)
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.neighbours import without_strangers
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from evidence.service.unlabelled import UnlabelledRecording, unlabelled_of
from evidence.service.unrecorded import Unrecorded, unrecorded_within
from evidence.service.uploads import RESERVE_BYTES

_KEPT = (UploadState.RECEIVING, UploadState.COMPLETE, UploadState.REFUSED, UploadState.EXPIRED)
_PARTS = 7  # of a gap report: its first fields


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
    ledger: Ledger  # how far what must be explained is
    by_unit: Sequence[UnitCounts] = ()  # how many of these lines each unit answers for
    unit_cites: tuple[str, ...] = ()  # why it does
    unrecorded: Sequence[Unrecorded] = ()  # steps of cases that nothing shows

    @property
    def by_state(self) -> Sequence[StateCount]:
        """How many lines are in each state, and how much time was lost."""
        return count_states(self._standings(), self.ledger.told(self.interruptions))

    @property
    def owed(self) -> Mapping[str, int]:
        """How many explanations each wearer owes."""
        return count_wearers(self._standings())

    def _standings(self) -> list[Standing]:
        return self.ledger.told([*self.missing, *self.late, *self.interruptions, *self.to_explain])


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
        return sorted(kept, key=gravest_first)

    @admits(Action.READ_GAPS)
    def gaps(self, caller: Caller, asked: Asked = Asked()) -> GapReport:  # noqa: B008 (frozen)
        """Return the gap report within reach, or the part of it that is asked for; the look is logged.

        Raises: NotFound("device-not-found", "wearer-not-found") for one of which nothing is known within
        reach, NotFound("unit-not-found"), Invalid("days-reversed").
        """
        self._log(caller, "gaps")
        there, now = reach(caller, Action.READ_GAPS, self.site.bars()), self.site.clock.now()
        with self.site.database.reading() as unit:
            lines = lines_within(self.site, unit, there, now)
            recordings = list(unit.recordings.all(reach=there, at=now))
            aside = [
                one
                for state in (UploadState.REFUSED, UploadState.EXPIRED)
                for one in unit.uploads.in_state(state, reach=there, at=now)
            ]
            everything: list[Reported] = [*lines.rows, *lines.found, *aside]
            devices = {place_of(one)[0] for one in everything}
            origins = [*(one.recording.origin for one in recordings), *(one.origin for one in aside)]
            worn = {one.wearer for one in lines.rows} | {one.wearer for one in origins}
            verify_asked(asked, devices | {one.device for one in origins}, worn)
            ledger, days = ledger_of(self.site, unit, lines, now), self._days(lines.rows)
            wearers = {one.recording.id: one.recording.origin.wearer for one in recordings}
            part = PartFilter(unit, asked, days, ledger, wearers, now).of
            parts = lines.parts()
            report = GapReport(
                faults=part(one for one in lines.serious if one.body["code"] in FAULTS),
                missing=part(parts.missing),
                late=part(parts.late),
                interruptions=part(parts.interruptions),
                to_explain=part(parts.to_explain),
                unlabelled=part(
                    one for one in unlabelled_of(self.site.policies, recordings, now) if one.missing
                ),
                set_aside=part(aside),
                days=days,
                made_at=now,
                ledger=ledger,
            )
            return self._by_unit(unit, report, there, asked)

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

    def _by_unit(self, unit: UnitOfWork, report: GapReport, there: Reach, asked: Asked) -> GapReport:
        parts = {field.name: getattr(report, field.name) for field in fields(report)[:_PARTS]}
        _, cites = pack_at(self.site.policies, report.made_at).duty(Duty.RESPONSIBLE_UNIT)
        counts = count_by_unit(unit, parts, report.made_at)
        steps = unrecorded_within(self.site, unit, there, asked, report.made_at)
        return replace(report, by_unit=counts, unit_cites=cite_ids(cites), unrecorded=steps)

    def _log(self, caller: Caller, what: str) -> None:
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": what}), self.site.clock.now())
