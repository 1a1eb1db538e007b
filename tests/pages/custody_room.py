"""Recordings for the custodian's desk: real footage with a gap, labelled; hostile words in a row."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.service.jobs import JobName
from tests.web.browser import WebRoom

SESSION = "sessions/o03_gap_restart"
OPERATOR = Caller("operator", Kind.OPERATOR, "operator")
PARTY = "杭州甲公司"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
BIDI = "合同\u202etxt.exe"


class CustodyRoom:
    """A site's recordings, sent and sealed as docks send them."""

    def __init__(self, room: WebRoom) -> None:
        self.room = room
        self.dock, _ = room.application.accounts.add_dock(OPERATOR, "docking station")

    def seal(
        self, body: bytes, name: str, wearer: str = "012345", device: str = "DSJX9A00123", **labels: str
    ) -> str:
        """Send and seal a recording; return its id."""
        app, modified = self.room.application, datetime(2024, 5, 18, 1, 30, 40, tzinfo=UTC)
        told = {key.replace("_", "-"): value for key, value in labels.items()}
        origin = Origin(device, wearer, name, len(body), modified, 0, labels=told)
        upload = app.uploads.create(self.dock, origin, None)
        with app.uploads.receive(self.dock, upload.id, 0, len(body), None) as reception:
            reception.take(body)
            reception.commit()
        self.work(JobName.SEAL)
        return str(upload.id)

    def work(self, *kinds: JobName) -> None:
        """Do the jobs of these kinds, or all."""
        while self.room.application.work.do_next("tester", kinds or tuple(JobName)):
            pass

    def session(self, media: Path) -> list[str]:
        """Seal and examine the files of a session in which recording was interrupted."""
        made = [
            self.seal(one.read_bytes(), one.name, case_number="杭综执〔2024〕12号", inspected_party=PARTY)
            for one in sorted((media / SESSION).iterdir())
        ]
        self.work()
        return made
