"""`evidence markers` on a real site: the same answers as over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.bootstrap import build
from evidence.cli import app
from evidence.cli.site import OPERATOR
from evidence.domain.recordings import Origin
from evidence.errors import Conflict, Invalid, NotFound
from tests import forms
from tests.listed_site import rows, run, work
from tests.speech import noise, silence, speech, wav


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two files of one recorder, 41 seconds apart; in the second somebody speaks."""
    folder = tmp_path_factory.mktemp("markers")
    data = folder / "data"
    forms.initialise(data)
    application = build(data)
    dock, _ = application.accounts.add_dock(OPERATOR, "dock")
    began = datetime.now(UTC) - timedelta(hours=2)
    for number, samples in enumerate((noise(10), [*silence(2), *speech(5), *silence(3)])):
        body = wav(folder / "sound.wav", samples).read_bytes()
        shown = began + timedelta(hours=8, seconds=51 * number)
        name = f"DSJX9A00123_012345_{shown:%Y%m%d%H%M%S}_{number + 1:04d}.wav"
        upload = application.uploads.create(dock, Origin("DSJX9A00123", "012345", name, len(body)), None)
        with application.uploads.receive(dock, upload.id, 0, len(body), None) as reception:
            reception.take(body)
            reception.commit()
    work(application)
    application.site.database.close()
    return data


@pytest.mark.article("dazhe-2020:9.1")
def test_what_a_detector_proposed_is_shown_confirmed_and_taken_back(site: Path) -> None:
    (line,) = rows(site, "markers", "missing")["restarts"]
    assert (line["heard"], line["said"]) == ("speech", None)
    assert "既无语音说明节点" in run(site, "markers", "missing").stdout
    (one,) = rows(site, "markers", "show", line["recording"])["markers"]
    assert one["state"] == "proposed"
    shown = run(site, "markers", "show", line["recording"]).stdout
    assert "webrtcvad-wheels" in shown
    assert "待确认" in shown
    (done,) = rows(site, "markers", "confirm", one["id"])
    assert (done["state"], done["pinned_by"]) == ("pinned", "operator")
    assert isinstance(run(site, "markers", "dismiss", one["id"], "--reason", "不是").exception, Conflict)
    assert rows(site, "markers", "missing")["restarts"] == []
    (explained,) = rows(
        site, "explanations", "explain", line["gap"], "--cause", "battery", "--marker", one["id"]
    )
    assert explained["spoken"]["marker"] == one["id"]
    (ended,) = rows(site, "markers", "withdraw", one["id"], "--reason", "听错")
    assert ended["state"] == "withdrawn"
    assert "听错" in run(site, "markers", "show", line["recording"]).stdout


@pytest.mark.article("dazhe-2020:8")
def test_a_check_point_is_pinned_and_counts(site: Path) -> None:
    recording = next(one["id"] for one in rows(site, "recordings") if "_0001" in one["name"])
    assert "未标注执法环节" in run(site, "markers", "needed", recording).stdout
    labels = ("--label", "category=行政检查", "--label", "stage=调查取证")
    assert run(site, "labels", "set", recording, *labels).exit_code == 0
    place = ("--from", "1", "--to", "3.5")
    (one,) = rows(site, "markers", "pin", recording, "credentials-shown", *place)
    assert (one["state"], one["to_s"]) == ("pinned", 3.5)
    outside = run(site, "markers", "pin", recording, "notice-given", "--from", "9", "--to", "11").exception
    assert isinstance(outside, Invalid)
    states = {one["kind"]: one["state"] for one in rows(site, "markers", "needed", recording)["needed"]}
    assert states == {"notice-given": "missing", "credentials-shown": "pinned"}
    assert "第八条" in run(site, "markers", "needed", recording).stdout
    assert isinstance(run(site, "markers", "case", "f" * 32).exception, NotFound)
    assert isinstance(run(site, "markers", "confirm", "f" * 32).exception, NotFound)


def test_the_rules_are_shown_with_their_articles_and_the_standard_phrase() -> None:
    shown = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["policy", "show", "dazhe-2020"]).stdout
    assert "本次执法全程录音录像" in shown
    assert "探测语音的时段" in shown
