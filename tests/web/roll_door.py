"""The whole web application over a small site, in this process, with people who are signed in by a word."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from starlette.testclient import TestClient

from evidence.adapters.sheets import SheetFiles
from evidence.domain.access import Caller
from evidence.service.people.organisation import organisation_of
from evidence.service.people.roster import PublicTerms
from evidence.web.app import create_app
from tests.roll_room import RollRoom


@dataclass
class Signed:
    """Stands in for sign-in: a bearer word for each caller. The policy behind it is the real one."""

    words: dict[str, Caller] = field(default_factory=dict)

    def identify(self, token: str) -> Caller | None:
        """See service.accounts.Accounts."""
        return self.words.get(token)


class RollDoor:
    """A client of the application over a room."""

    def __init__(self, room: RollRoom, *, terms: PublicTerms = PublicTerms(), per_minute: int = 1000) -> None:
        self.signed = Signed()
        application = SimpleNamespace(
            site=room.site,
            accounts=self.signed,
            organisation=organisation_of(room.site, SheetFiles(), terms),
            settings=SimpleNamespace(roster_per_minute=per_minute),
        )
        app = create_app(application, start_workers=False)  # type: ignore[arg-type]
        self.client = TestClient(app, base_url="https://testserver", raise_server_exceptions=False)

    def sign(self, word: str, caller: Caller) -> dict[str, str]:
        """Sign a caller in; return the headers of their requests."""
        self.signed.words[word] = caller
        return {"Authorization": f"Bearer {word}"}

    def ask(self, method: str, path: str, who: dict[str, str] | None = None, **rest: Any) -> Any:
        """Send a request."""
        return self.client.request(method, path, headers=who, **rest)
