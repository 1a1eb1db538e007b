"""A served site with people, and browsers in which one of them is signed in.

A test of a page asks for `desks` (the site, served over HTTP in a thread of the test) and opens windows:
`with desks.window("head") as page: page.goto(desks.url("/gaps"))`. `look` is what every page is held to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Role
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sessions import open_session
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from evidence.web.deps import COOKIE
from evidence.web.pages.language import COOKIE as LANGUAGE
from tests import forms
from tests.npm import node_for
from tests.web.browser import WebRoom
from tests.web.in_thread import InThread

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# word -> number, name, role; all of one agency
STAFF = {
    "officer": ("012345", "李明", Role.FIELD_OFFICER),
    "second": ("012346", "王芳", Role.FIELD_OFFICER),
    "aux": ("XG330001", "赵强", Role.AUXILIARY),
    "custodian": ("012300", "陈静", Role.CUSTODIAN),
    "head": ("012399", "周建国", Role.UNIT_HEAD),
    "auditor": ("000002", "吴敏", Role.AUDITOR),
    "system": ("000003", "郑伟", Role.SYSTEM_ADMINISTRATOR),
    "security": ("000004", "孙丽", Role.SECURITY_ADMINISTRATOR),
    "audit": ("000005", "钱勇", Role.AUDIT_ADMINISTRATOR),
}
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


class Desks(WebRoom):
    """The site and its people by word."""

    def __init__(self, data: Path, browser: Browser, pictures: Path) -> None:
        super().__init__(data)
        self.browser, self.pictures = browser, pictures
        self.staff: dict[str, Person] = {}
        for word, (number, name, role) in STAFF.items():
            kind = PersonType.AUXILIARY if word == "aux" else PersonType.OFFICER
            self.staff[word] = self._hire(Person(new_id(), number, name, kind, self.agency.id), role)
        self._served = InThread(self.app)
        self.port = self._served.port

    def _hire(self, person: Person, role: Role) -> Person:
        now = self.clock.now()
        with self.site.database.writing() as unit:
            unit.people.add(person, now)
            unit.grants.add(StoredGrant(new_id(), person.id, role, self.agency.id, "post", "operator", now))
            unit.sign_ins.add(StoredSignIn(person.id, person.number, now))
        return person

    def url(self, path: str) -> str:
        """Return an address of the service: browsers keep Secure cookies for this host without TLS too."""
        return f"http://localhost:{self.port}{path}"

    def token(self, word: str) -> str:
        """Open a session for somebody; return its token."""
        with self.site.database.writing() as unit:
            token, _ = open_session(unit, self.site, self.staff[word].id, ("password", "totp"), "127.0.0.1")
        return token

    @contextmanager
    def window(
        self,
        word: str | None,
        language: str = "zh-CN",
        size: dict[str, int] | None = None,
        dark: bool = False,
    ) -> Iterator[Page]:
        """Open a window in which somebody is signed in (None: nobody). What a script complains of fails."""
        context = self.browser.new_context(
            viewport=size or WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            timezone_id="Asia/Shanghai",
        )
        cookies = {LANGUAGE: language, **({COOKIE: self.token(word)} if word else {})}
        context.add_cookies(
            [
                {"name": n, "value": v, "url": self.url("/").replace("http:", "https:"), "secure": True}
                for n, v in cookies.items()
            ]
        )
        page, complaints, asked = context.new_page(), [], []
        page.set_default_timeout(30_000 * forms.PATIENCE)
        page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: complaints.append(str(one)))
        page.on("response", lambda one: print(one.status, one.url) if one.status >= 400 else None)
        page.on("request", lambda one: asked.append(one.url))
        try:
            yield page
            assert complaints == [], complaints
            ours = (self.url("/"), "data:", "blob:")
            assert [one for one in asked if not one.startswith(ours)] == []  # no outside address
        finally:
            context.close()

    def look(self, page: Page, name: str) -> None:
        """Hold a page to what every page keeps, and take its picture as NAME.png.

        axe finds nothing serious; nothing is wider than the window; there is one main heading.
        """
        self.picture(page, name)
        # By the debugger's hand: the page's own policy lets no foreign script in.
        line = page.context.new_cdp_session(page)
        line.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        told: Any = line.send(
            "Runtime.evaluate",
            {"expression": "axe.run(document)", "awaitPromise": True, "returnByValue": True},
        )
        found = told["result"]["value"]["violations"]
        serious = [
            (one["id"], [node["html"][:200] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], serious
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} px wider than the window"
        assert page.locator("h1").count() == 1

    def picture(self, page: Page, name: str) -> Path:
        """Take a picture of the whole page."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=(path := self.pictures / f"{name}.png"), full_page=True)
        return path

    def __enter__(self) -> Desks:
        node_for(AXE.parents[2])
        self._served.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._served.stop()


def pictures_folder(factory: pytest.TempPathFactory) -> Path:
    """Return where pictures of pages go: EVIDENCE_PICTURES, else a folder of the test session."""
    told = os.environ.get("EVIDENCE_PICTURES")
    return Path(told) if told else factory.getbasetemp() / "pictures"
