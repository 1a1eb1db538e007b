"""Reports, read only: findings with filters, and the gap report that a supervisor reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.findings import Severity
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.domain.uploads import UploadState
from evidence.errors import NoSpace
from evidence.service.catalogue import StoredFinding
from evidence.service.examining.faults import findings_within
from evidence.service.examining.neighbours import without_strangers
from evidence.service.gaps.gap_lines import gravest_first
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.gap_reports import GapReport, GapReporting
from evidence.service.gate import admits
from evidence.service.intake.opening import RESERVE_BYTES
from evidence.service.naming import people_in
from evidence.service.site import Site

DRAWN = ("svg", "pdf")
_KEPT = (UploadState.RECEIVING, UploadState.COMPLETE, UploadState.REFUSED, UploadState.EXPIRED)


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
    def gaps(
        self,
        caller: Caller,
        asked: Asked = Asked(),  # noqa: B008 (frozen)
        form: str | None = None,
    ) -> GapReport:
        """Return the gap report within reach, or the part of it that is asked for; the look is logged. form:
        of the document that is made of it, with time lines if it is one of `DRAWN`.

        Raises: NotFound("device-not-found", "wearer-not-found") for one of which nothing is known within
        reach, NotFound("unit-not-found"), Invalid("days-reversed", "too-many-shifts").
        """
        self._log(caller, "gaps", None if form is None else {"form": form})
        there, now = reach(caller, Action.READ_GAPS, self.site.bars()), self.site.clock.now()
        with self.site.database.reading() as unit:
            report = GapReporting(self.site, unit, there, asked, now).make(drawn=form in DRAWN)
            return replace(report, people=people_in(unit, self.site, caller, report.told_by))

    @admits(Action.READ_STATUS)
    def status(self, caller: Caller) -> dict[str, object]:
        """Return the state of the site, said as it is measured now; the look is logged."""
        self._log(caller, "status")
        with self.site.database.reading() as unit:
            jobs = dict(unit.jobs.counts())
        strength = self.site.vault.strength()
        staged = [file.upload_id or file.name for file in self.site.staging.census()]
        with self.site.database.reading() as unit:
            found = {one: unit.uploads.get(one) for one in staged if is_id(one)}
        kept = {id_ for id_, one in found.items() if one is not None and one.state in _KEPT}
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

    def _log(self, caller: Caller, what: str, more: Mapping[str, str] | None = None) -> None:
        entry = Entry(Act.READ_LIST, caller.id, facts={"list": what, **(more or {})})
        with self.site.database.writing() as unit:
            unit.log.append(entry, self.site.clock.now())
