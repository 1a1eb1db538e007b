"""What a rebuilt catalogue needs before it serves: work planned anew, transfers that cannot go on ended, a
link for a security administrator, and the act in the log.
"""

from __future__ import annotations

from contextlib import suppress

from evidence.adapters.db import replay
from evidence.adapters.db.repositories.journal import TABLES
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import may_sign_in
from evidence.domain.rights import Role
from evidence.domain.uploads import UploadState
from evidence.rebuilding.report import Report
from evidence.service.instruments import local_day
from evidence.service.intake.placing import place_recordings
from evidence.service.jobs import JobName
from evidence.service.log.retained_checks import listed_copies, retained_faults
from evidence.service.sign_in.accounts import first_administrator
from evidence.service.sign_in.links import make_link
from evidence.service.site import Site
from storage.errors import Missing

MOST_TOLD = 100  # items in the entry


class Aftermath:
    """The last step of a rebuild."""

    def __init__(self, site: Site, unit: SqlUnitOfWork, report: Report) -> None:
        self._site, self._unit, self._report = site, unit, report

    def settle(self, caller: Caller) -> None:
        """Do all of it in the transaction of the rebuild."""
        self._place()
        replay.make_searchable(self._unit)
        self._plan_work()
        self._look_at_retained()
        self._end_transfers()
        self._give_link()
        self._record(caller)

    def _place(self) -> None:
        """Place what was made from manifests by the wearers they name, where no row says where it stands."""
        for recording_id in self._report.adopted:
            stored = self._unit.recordings.get(recording_id)
            if stored is not None and not replay.is_placed(self._unit, recording_id):
                place_recordings(self._unit, [stored.recording])

    def _plan_work(self) -> None:
        now = self._site.clock.now()
        deep = [(JobName.DEEP, "deep")] if self._site.terms.deep else []
        for job, kind in ((JobName.EXAMINE, "probe"), *deep):
            for recording_id in replay.not_examined(self._unit, kind):
                self._unit.jobs.add(job, recording_id, now)
        for derivative_id in self._unit.derivatives.waiting():
            self._unit.jobs.add(JobName.DERIVE, derivative_id, now)

    def _look_at_retained(self) -> None:
        """Tell what is wrong with the copies that transfers to courts have left in the vault."""
        vault, now = self._site.vault, self._site.clock.now()
        for fault in retained_faults(vault, self._unit, listed_copies(vault), now):
            self._report.fault(fault.kind, fault.item, **fault.detail)

    def _end_transfers(self) -> None:
        """Go on with what staging still holds. Where that is lost, the transfer ends: it may begin anew."""
        now, unit = self._site.clock.now(), self._unit
        for upload in unit.uploads.in_state(UploadState.COMPLETE):
            if self._has_bytes(upload.id):
                unit.jobs.add(JobName.SEAL, upload.id, now)
                continue
            unit.uploads.end(upload.id, UploadState.REFUSED, problem="seal-failed")
            unit.claims.release(upload.id)
            facts = {"name_is_free": True, "problem": "seal-failed", "rebuilt": True}
            about = (("upload", upload.id),)
            unit.log.append(Entry(Act.UPLOAD_REFUSE, "service", about, "refused", facts), now)
        for upload in unit.uploads.in_state(UploadState.RECEIVING):
            # How far it came stands in no piece: bytes beyond the row's offset may be staged.
            unit.uploads.end(upload.id, UploadState.EXPIRED, problem="upload-expired")
            said = {"offset": upload.offset, "rebuilt": True}
            unit.log.append(Entry(Act.UPLOAD_EXPIRE, "service", (("upload", upload.id),), facts=said), now)

    def _has_bytes(self, upload_id: str) -> bool:
        """Tell whether staging or the vault has the bytes of an upload, in any state."""
        with suppress(Missing):
            self._site.staging.path(upload_id)
            return True
        return any(self._site.vault.census(f"recordings/{upload_id}/"))

    def _give_link(self) -> None:
        """Give a link to the first security administrator who may sign in; make one where none is left."""
        unit, now = self._unit, self._site.clock.now()
        for grant in unit.grants.in_force(now):
            person = unit.people.get(grant.person_id)
            if grant.role is not Role.SECURITY_ADMINISTRATOR or grant.unit_id is not None or person is None:
                continue
            day = local_day(self._site.policies, now)
            if may_sign_in(person, unit.people.undertakings(person.id), day, now):
                self._report.number = person.number
                self._report.link = make_link(unit, person, "operator", now)
                return
        self._report.number = f"administrator-{new_id()[:8]}"
        self._report.link = first_administrator(unit, self._site, self._report.number, self._report.number)

    def _record(self, caller: Caller) -> None:
        report = self._report
        rows = {table.name: report.counts[table.name] for table in TABLES}
        facts: dict[str, object] = {
            "adopted": len(report.adopted),
            "entries": report.counts["entries"],
            "faults": len(report.faults),
            "rows": rows,
        }
        if report.faults:
            facts["items"] = [f"{one.kind} {one.item}"[:200] for one in report.faults[:MOST_TOLD]]
        result = "broken" if report.faults else "ok"
        self._unit.log.append(
            Entry(Act.REBUILD, caller.id, result=result, facts=facts), self._site.clock.now()
        )
