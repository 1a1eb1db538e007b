"""`evidence derivatives` on a real site: the same answers as over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.cli.site import OPERATOR
from evidence.domain.recordings import Origin
from evidence.errors import Invalid
from tests import forms
from tests.clips import clip
from tests.listed_site import rows, run, work


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A site with a clip that no browser plays."""
    data = tmp_path_factory.mktemp("derivatives") / "data"
    forms.initialise(data)
    application = build(data)
    dock, _ = application.accounts.add_dock(OPERATOR, "dock")
    body, ended = clip("avi"), datetime.now(UTC) - timedelta(hours=1)
    upload = application.uploads.create(dock, Origin("DSJ1", "012345", "a.avi", len(body), ended), None)
    with application.uploads.receive(dock, upload.id, 0, len(body), None) as reception:
        reception.take(body)
        reception.commit()
    work(application)
    application.site.database.close()
    return data, upload.id


def finish(data: Path) -> None:
    application = build(data)
    work(application)
    application.site.database.close()


def test_a_proxy_is_listed_and_a_copy_is_made_by_an_order(site: tuple[Path, str], tmp_path: Path) -> None:
    data, recording = site
    found = rows(data, "derivatives", "list", recording)
    assert (found["plays"], [one["state"] for one in found["derivatives"]]) == (False, ["made"])
    assert "浏览器不能直接播放原件" in run(data, "derivatives", "list", recording).stdout
    assert rows(data, "derivatives", "proxy", recording)["id"] == found["derivatives"][0]["id"]
    order = tmp_path / "order.json"
    said = {"operation": "still", "title": "截图", "reason": "案卷", "from_s": 1.5}
    order.write_text(json.dumps(said), "utf-8")
    asked = rows(data, "derivatives", "make", recording, str(order))
    assert (asked["state"], asked["media_type"]) == ("asked", "image/png")
    told = run(data, "derivatives", "list", recording).stdout
    assert "待制作" in told
    assert f"截图 · {asked['id'][:8]} · 0:01.50" in told
    assert "制作申请 / asked for by  服务器操作员" in told
    finish(data)
    (still,) = [
        one for one in rows(data, "derivatives", "list", recording)["derivatives"] if one["id"] == asked["id"]
    ]
    assert (still["state"], still["made_with"]["shown_ms"]) == ("made", 1480)
    assert still["sha256"] in run(data, "derivatives", "list", recording).stdout


def test_an_order_that_cannot_be_read_is_told(site: tuple[Path, str], tmp_path: Path) -> None:
    data, recording = site
    order = tmp_path / "order.json"
    order.write_text('{"operation": "clip"}', "utf-8")
    result = run(data, "derivatives", "make", recording, str(order))
    assert isinstance(result.exception, Invalid)
    assert result.exception.code == "order-wrong"
