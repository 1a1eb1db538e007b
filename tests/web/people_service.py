"""A service over HTTP, in a thread of the test, for the people of a manned site.

Who signs in how has tests of its own: here a bearer token is the word of somebody (tests/manned_site.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace, TracebackType

from evidence.adapters.clock import SystemClock
from evidence.adapters.sheets import SheetFiles
from evidence.domain.access import Caller
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.reports import Reports
from evidence.service.keeping.disposals import Disposals
from evidence.service.keeping.keeping import Keeping
from evidence.service.keeping.pack_changes import PackChanges
from evidence.service.log.auditing import Auditing
from evidence.service.people.organisation import organisation_of
from evidence.service.people.roster import PublicTerms
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.playing import Playing
from evidence.service.recordings.unlabelled import Unlabelled
from evidence.service.sign_in.accounts import Accounts
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.manned_site import PEOPLE, MannedSite
from tests.web.in_thread import InThread
from tests.web.talk import Answer, ask


@dataclass(frozen=True)
class Words(Accounts):
    """Accounts whose tokens are the words of people."""

    manned: MannedSite | None = None

    def identify(self, token: str) -> Caller | None:
        """Return who has this word, as they stand now."""
        if self.manned is None or token not in {*PEOPLE, *self.manned.ids, "integration"}:
            return None
        return self.manned.caller(token)


class PeopleService:
    """Serves a manned site on a free port."""

    def __init__(self, folder: Path) -> None:
        small = SmallSite(folder, clock=SystemClock(), embedded=True)  # type: ignore[arg-type]
        self.site = MannedSite(folder, small)
        site = small.site
        application = SimpleNamespace(
            site=site,
            accounts=Words(site, self.site),
            auditing=Auditing(site, None, None),  # type: ignore[arg-type]
            cards=small.cards,
            cases=self.site.cases,
            deadlines=Deadlines(site),
            disposals=Disposals(site),
            keeping=Keeping(site),
            labelling=Labelling(site),
            organisation=organisation_of(site, SheetFiles(), PublicTerms()),
            pack_changes=PackChanges(site),
            playing=Playing(site),
            recordings=small.recordings,
            reports=Reports(site),
            unlabelled=Unlabelled(site),
            uploads=small.uploads,
        )
        app = create_app(application, start_workers=False)  # type: ignore[arg-type]
        self._served = InThread(app)
        self.port = self._served.port

    def ask(
        self, who: str | None, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Ask as somebody; path: behind /api/v1."""
        told = {"Content-Type": "application/json"} if body is not None else {}
        return ask(self.port, method, f"/api/v1{path}", who, {**told, **headers}, body)

    def __enter__(self) -> PeopleService:
        self._served.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._served.stop()
