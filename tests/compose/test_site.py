"""A site by docker-compose.yml, from nothing to verified originals, without a container engine.

The way is gone by journey.py; here it is judged.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.compose.journey import begin, documented_commands, variables
from tests.compose.reading import ROOT, bytes_of, read, seconds_of
from tests.servers.processes import tail

pytestmark = pytest.mark.grown
MOST_SECONDS = 420  # three times what a busy machine of two cores took
SERVERS = {"postgres", "broker", "object-store", "api-1", "api-2"}
UPLOAD = re.compile(r" (\w+) /api/v1/uploads/([0-9a-f]+)\S* (\d+) .* (\S+)$")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What was seen on the way. The way is gone once, and judged in pieces."""
    assert not ROOT.is_relative_to("/tmp"), "a checkout below /tmp is hidden by the containers' own /tmp"
    folder = tmp_path_factory.mktemp("site")
    journey = begin(folder)
    try:
        code = journey.wait(MOST_SECONDS)
    except subprocess.TimeoutExpired:
        journey.kill()
        journey.wait()
        pytest.fail(f"not within {MOST_SECONDS} s:\n{tail(folder / 'journey.log')}")
    assert code == 0, tail(folder / "journey.log")
    yield json.loads((folder / "seen.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The services of the file that go on running."""
    document = read(variables(tmp_path_factory.getbasetemp()))
    return {name: one for name, one in document["services"].items() if "profiles" not in one}


def test_the_documented_commands_make_a_site_in_their_order(seen: dict[str, Any]) -> None:
    assert [words[1] for words in documented_commands()] == ["init", "storage", "docks"]
    assert [code for code, _ in seen["made"]] == [0, 0, 0], seen["made"]
    assert {"site.toml", "keys", "qualification.json", "staging", "scratch"} <= set(seen["site"])


def test_a_site_that_is_there_is_not_made_again(seen: dict[str, Any]) -> None:
    code, said = seen["made again"]
    assert code == 2
    assert "this is already a site" in said


def test_every_service_becomes_healthy_in_its_container(
    seen: dict[str, Any], services: dict[str, Any]
) -> None:
    assert set(seen["healthy after"]) == set(services)
    for name, seconds in seen["healthy after"].items():
        patience = seconds_of(services[name]["healthcheck"]["start_period"])
        assert seconds < patience, f"{name}: {seconds} of {patience} s"


def test_no_service_has_a_capability_or_can_gain_one(seen: dict[str, Any], services: dict[str, Any]) -> None:
    assert set(seen["status"]) == set(services)
    for name, status in seen["status"].items():
        assert status.pop("NoNewPrivs") == "1", name
        status.pop("Seccomp")
        assert set(status.values()) == {"0" * 16}, (name, status)


def test_no_service_can_write_to_its_root(seen: dict[str, Any], services: dict[str, Any]) -> None:
    assert seen["wrote"] == dict.fromkeys(services, "")


def test_the_proxy_reaches_the_api_and_nothing_else(seen: dict[str, Any]) -> None:
    assert seen["reached"]["proxy"] == ["api-1", "api-2"]


def test_only_the_api_and_its_proxy_share_a_network(seen: dict[str, Any], services: dict[str, Any]) -> None:
    for name in services.keys() - {"proxy", "api-1", "api-2"}:
        assert set(seen["reached"][name]) == SERVERS - {name}, name


def test_the_sandbox_holds_in_the_containers_that_run_parsers(seen: dict[str, Any]) -> None:
    for name in ("worker-examine", "worker-deep"):
        assert seen["status"][name], "it started, so its own test of the sandbox passed"
        code, said = seen["parsers"][name]
        assert code == 0, said
        assert json.loads(said)["sandbox"] == "holds"


def test_the_filter_of_the_parsers_refuses_what_faults_of_the_kernel_are_reached_by(
    seen: dict[str, Any],
) -> None:
    for code, said in seen["parsers"].values():
        assert code == 0, said
        tried = json.loads(said)
        denied = ("a second way to namespaces", "io_uring", "netfilter", "kernel crypto")
        assert {tried[what] for what in denied} == {"EPERM"}
        assert tried["clone3"] == "ENOSYS"
        assert tried["routes"] == tried["a line to the database"] == "", "what is needed is allowed"


def test_a_card_is_docked_over_the_proxy_and_every_receipt_is_checked(seen: dict[str, Any]) -> None:
    code, said = seen["docked"]
    assert code == 0, said
    assert "all 3 files are sealed and have a valid receipt" in said


def test_no_secret_stands_in_a_command_line_an_environment_or_a_log(seen: dict[str, Any]) -> None:
    assert [place for place in seen["shown"] if "/admin-" not in place] == []
    assert seen["shown"], "the dock's token, printed once when it was made, is found: the search works"


def test_all_requests_of_one_upload_reach_one_process_and_both_processes_work(seen: dict[str, Any]) -> None:
    servers: dict[str, set[str]] = {}
    sends: dict[str, int] = {}
    for line in seen["requests"].splitlines():
        if found := UPLOAD.search(line):
            servers.setdefault(found[2], set()).add(found[4])
            sends[found[2]] = sends.get(found[2], 0) + (found[1] == "PATCH")
    assert len(servers) == 3
    assert max(sends.values()) == 3, "one upload took several requests"
    assert all(len(one) == 1 for one in servers.values()), servers
    assert len(set(re.findall(r"(\S+):8443$", seen["requests"], re.MULTILINE))) == 2


def test_all_jobs_end_in_their_workers(seen: dict[str, Any]) -> None:
    assert set(seen["jobs"]) == {"done"}
    assert set(seen["jobs after that"]) == {"done"}
    assert seen["jobs after that"]["done"] > seen["jobs"]["done"] >= 3 * 3


def test_what_was_docked_is_handed_over_to_a_court_through_the_proxy(seen: dict[str, Any]) -> None:
    done = seen["handed over"]
    assert (done["asked"], done["own"], done["decided"]) == (201, 403, 200), done
    assert (done["state"], done["problem"]) == ("built", None)
    assert done["same"], "what came over the proxy is the image that was built"
    code, said = done["checked"]
    assert code == 0, said
    assert "ALL PASSED" in said
    assert done["statuses"] == [200, 204, 204, 200, 200], "medium, read back, hand-over, receipt, its paper"
    assert done["paper"] == "%PDF-"


def test_a_killed_api_process_costs_no_card_and_comes_back(seen: dict[str, Any]) -> None:
    code, said = seen["docked with one"]
    assert code == 0, said


def test_everything_reads_back_as_it_was_sent_and_nothing_lies_about(seen: dict[str, Any]) -> None:
    code, said = seen["verified"]
    assert code == 0, said
    outcome = json.loads(said)
    assert (outcome["checked"], outcome["faulty"]) == (6, 0)
    assert seen["lies about"] == []


def test_every_service_stops_by_its_signal_within_its_grace(
    seen: dict[str, Any], services: dict[str, Any]
) -> None:
    assert set(seen["stopped after"]) == set(services)
    for name, seconds in seen["stopped after"].items():
        assert seconds < seconds_of(services[name]["stop_grace_period"]), name


def test_no_service_came_near_its_limit_of_memory(seen: dict[str, Any], services: dict[str, Any]) -> None:
    assert set(seen["memory"]) == set(services)
    for name, mebibytes in seen["memory"].items():
        assert mebibytes << 20 < bytes_of(services[name]["mem_limit"]) // 2, (name, mebibytes)
    building = services["worker-export"]
    assert 0 < seen["memory building"] << 20 < bytes_of(building["mem_limit"]) // 2, seen["memory building"]
