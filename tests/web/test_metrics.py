"""`GET /metrics`: Prometheus reads the measures of the site, with a token made for it and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from evidence.domain.rights import Action
from evidence.service.measuring import Need
from tests import inside
from tests.web.browser import OPERATOR, WebRoom

ALERTS = Path(__file__).parents[2] / "deploy" / "alerts.yml"
SECRET_NAME = "4f" * 16


@pytest.fixture
def room(tmp_path: Path) -> Iterator[WebRoom]:
    """A site without recordings."""
    room = WebRoom(tmp_path / "data")
    yield room
    room.site.database.close()


def token(room: WebRoom, *scopes: Action) -> dict[str, str]:
    """Return the header of a token made for these."""
    return {"Authorization": f"Bearer {room.application.tokens.add(OPERATOR, scopes[0], scopes)[1]}"}


def families(text: str) -> dict[str, Metric]:
    """Return what Prometheus itself reads in it."""
    return {one.name: one for one in text_string_to_metric_families(text)}


def test_prometheus_reads_the_measures_with_a_token_made_for_them(room: WebRoom) -> None:
    client, held = TestClient(room.app), token(room, Action.READ_STATUS)
    client.get("/health")
    answer = client.get("/metrics", headers=held)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = families(answer.text)
    needs = {one.labels["need"]: one.value for one in found["evidence_need"].samples}
    assert needs == {need.value: 0.0 for need in Need}
    (free,) = found["evidence_staging_free_bytes"].samples
    assert free.value > 0
    assert {one.labels["log"] for one in found["evidence_log_entries"].samples} >= {"custody"}
    assert "process_resident_memory_bytes" in found
    counted = [
        one for one in found["evidence_http_first_byte_seconds"].samples if one.name.endswith("_count")
    ]
    assert {one.labels["route"]: one.value for one in counted}["/health"] == 1.0


def test_a_scrape_leaves_no_trace_and_who_may_not_gets_nothing(room: WebRoom) -> None:
    client, held = TestClient(room.app), token(room, Action.READ_STATUS)
    other = token(room, Action.READ_GAPS)
    client.get("/metrics", headers=held)  # when a token was used last is noted once a minute
    before = inside.tables(room.application.settings.data)
    assert client.get("/metrics", headers=held).status_code == 200
    assert client.get("/metrics").status_code == 401
    assert inside.tables(room.application.settings.data) == before
    refused = client.get("/metrics", headers=other)
    assert (refused.status_code, "evidence_" in refused.text) == (403, False)


def test_no_path_and_no_method_of_a_stranger_becomes_a_label(room: WebRoom) -> None:
    client, held = TestClient(room.app), token(room, Action.READ_STATUS)
    client.get(f"/api/v1/recordings/{SECRET_NAME}", headers=held)
    client.get(f"/link/{SECRET_NAME}")
    client.get(f"/nowhere/{SECRET_NAME}")
    client.request("INVENTED", "/nowhere")
    client.request("INVENTED", "/health")
    told = client.get("/metrics", headers=held).text
    assert SECRET_NAME not in told
    assert "INVENTED" not in told
    routes = {one.labels["route"] for one in families(told)["evidence_http_first_byte_seconds"].samples}
    assert {"/api/v1/recordings/{recording_id}", "/link/{token}", "none"} <= routes


def test_every_alert_rule_names_measures_that_there_are(room: WebRoom) -> None:
    client, held = TestClient(room.app), token(room, Action.READ_STATUS)
    told = client.get("/metrics", headers=held).text + client.get("/metrics", headers=held).text
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 5
    for rule in rules:
        named = set(re.findall(r"evidence_\w+", rule["expr"]))
        assert named or rule["expr"].startswith("up{"), rule
        for one in named:
            assert re.search(rf"^{one}[ {{]", told, re.MULTILINE), one
    left = next(one for one in rules if one["alert"] == "EvidenceNeeds")
    apart = re.search(r'need!~"([^"]+)"', left["expr"])
    assert apart is not None
    assert set(apart[1].split("|")) < {need.value for need in Need}
