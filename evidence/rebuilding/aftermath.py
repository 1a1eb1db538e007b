"""What a rebuilt catalogue needs before it serves: work planned anew, transfers that cannot go on ended, a
token for the administrator, and the act in the log.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress

from evidence.adapters.db import replay
from evidence.adapters.db.repositories.journal import TABLES
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.rights import TOKEN_SCOPES, Kind
from evidence.domain.uploads import UploadState
from evidence.rebuilding.report import Report
from evidence.service.jobs import JobName
from evidence.service.placing import place_recording
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
        self._plan_work()
        self._end_transfers()
        self._give_token()
        self._record(caller)

    def _place(self) -> None:
        """Place what was made from manifests by the wearers they name, where no row says where it stands."""
        for recording_id in self._report.adopted:
            stored = self._unit.recordings.get(recording_id)
            if stored is not None and not replay.is_placed(self._unit, recording_id):
                place_recording(self._unit, stored.recording)

    def _plan_work(self) -> None:
        now = self._site.clock.now()
        deep = [(JobName.DEEP, "deep")] if self._site.terms.deep else []
        for job, kind in ((JobName.EXAMINE, "probe"), *deep):
            for recording_id in replay.not_examined(self._unit, kind):
                self._unit.jobs.add(job, recording_id, now)

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

    def _give_token(self) -> None:
        """Give the oldest administrator a new token, or make one where none is left."""
        self._report.token = secrets.token_urlsafe(32)
        token_sha256 = hashlib.sha256(self._report.token.encode()).hexdigest()
        found = [one for one in self._unit.accounts.all() if one.kind is Kind.INTEGRATION]
        if found:
            self._unit.accounts.renew(found[0].id, token_sha256)
        else:
            administrator = Caller(new_id(), Kind.INTEGRATION, "administrator", scopes=TOKEN_SCOPES)
            self._unit.accounts.add(administrator, token_sha256, self._site.clock.now())

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
