"""Case files over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.rights import Role
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.service.cases.test_case_filing import FileRoom
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    case_filing: CaseFiling
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> FileRoom:
    return FileRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: FileRoom) -> Web:
    application = Application(room.site, CaseFiling(room.site), SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("longquan:8")
def test_a_case_file_goes_its_way_over_http(room: FileRoom, web: Web) -> None:
    who, path = room.custodian.id, f"case-files/{room.case}"
    recording = room.record(room.add(Role.FIELD_OFFICER))
    room.cases.link(room.head, room.case, recording)
    status, told = web.ask(who, "PUT", f"{path}/end", {"day": str(room.day(31))})
    assert (status, told["ended_on"]) == (200, str(room.day(31)))
    assert [one["id"] for one in told["later"]["recordings"]] == [recording]
    assert told["later"]["steps"] == []
    (line,) = web.get(who, "case-files?red=true")
    assert (line["red"], line["days_over"], line["cites"]) == (True, 1, ["longquan:8"])
    (unit,) = web.get(who, "case-files/units")
    assert (unit["unit"], unit["overdue"], unit["running"]) == (room.unit.id, 1, 0)
    new = {"title": "决定书", "pages": 2, "dated": str(room.day(31))}
    status, document = web.ask(who, "POST", f"{path}/documents", new)
    assert (status, document["pages"]) == (201, 2)
    removal = f"{path}/documents/{document['id']}/removal"
    assert web.ask(who, "POST", removal, {"reason": "误列"})[0] == 204
    assert web.ask(who, "POST", removal, {"reason": "误列"})[1]["code"] == "document-not-found"
    hands = {"number": "档1", "handed_by": "0008", "received_by": "0700"}
    status, told = web.ask(who, "POST", f"{path}/archive", hands)
    assert (status, told["code"], told["labels"]) == (409, "case-file-open", 1)
    hands["reason"] = "标注后补"
    status, done = web.ask(who, "POST", f"{path}/archive", hands)
    assert (status, done["state"], done["archived"]["recordings"]) == (201, "archived-late", 1)
    assert web.ask(who, "POST", f"{path}/archive", hands)[1]["code"] == "case-archived"
    index = web.get(who, path)
    assert (index["documents"], len(index["recordings"])) == ([], 1)
    assert (index["archived"]["reason"], index["archived"]["open"]["labels"]) == ("标注后补", 1)


def test_strangers_and_wrong_words_are_refused(room: FileRoom, web: Web) -> None:
    other = room.add(Role.CUSTODIAN, where=room.beside)
    assert web.ask(other, "GET", f"case-files/{room.case}")[0] == 404
    assert web.ask(room.add(Role.FIELD_OFFICER), "GET", "case-files")[0] == 403
    path = f"case-files/{room.case}/end"
    assert web.ask(room.custodian.id, "PUT", path, {"day": "yesterday"})[0] == 422
    assert web.ask(room.custodian.id, "PUT", path, {"day": "2026-01-01", "by": "x"})[0] == 422
