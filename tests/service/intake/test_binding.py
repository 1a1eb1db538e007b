"""A dock's credential is stolen (drill S19): what the thief can do with it, and what not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.intake.binding import Binding
from evidence.service.sign_in.tokens import Tokens
from tests import inside
from tests.builders import START, SmallSite, an_origin

MINE = "DSJX9A00123"


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


@pytest.fixture
def binding(small: SmallSite) -> Binding:
    return Binding(small.site)


def known(small: SmallSite, token: str) -> Caller:
    """Return who holds a token, as the door finds out anew at each request."""
    found = small.accounts.identify(token)
    assert found is not None
    return found


def held(small: SmallSite) -> tuple[object, ...]:
    tables = ("card", "announced", "upload", "recording", "claim")
    return *(inside.rows(small.folder, f"SELECT * FROM {one}") for one in tables), small.files()


def last(small: SmallSite) -> dict[str, object]:
    entry: dict[str, object] = json.loads(small.log()[-1])
    return entry


def a_card(**changes: object) -> Origin:
    return an_origin(name="", **changes)


def test_a_bound_dock_sends_for_its_recorders_only_and_the_try_is_logged(
    small: SmallSite, binding: Binding
) -> None:
    dock, token = small.accounts.add_dock(small.administrator, "bound")
    binding.bind(small.administrator, "bound", [MINE])
    caller, before = known(small, token), held(small)
    foreign = an_origin(device="ANOTHER", size_bytes=4)
    for attempt in (
        lambda: small.cards.announce(caller, a_card(device="ANOTHER"), [foreign]),
        lambda: small.uploads.create(caller, foreign, None),
    ):
        with pytest.raises(Refused, match="device-not-of-dock"):
            attempt()
        entry = last(small)
        assert (entry["act"], entry["by"], entry["res"]) == ("access.denied", dock.id, "refused")
        assert "ANOTHER" not in json.dumps(entry), "a serial stands beside the log, not in it"
        assert entry["pd"].keys() == {"device"}  # type: ignore[attr-defined]
    assert held(small) == before
    assert small.uploads.create(caller, an_origin(size_bytes=4), None).origin.device == MINE


def test_a_dock_bound_to_none_sends_for_any_and_can_be_freed_again(
    small: SmallSite, binding: Binding
) -> None:
    dock, token = small.accounts.add_dock(small.administrator, "free")
    assert known(small, token).devices is None
    small.uploads.create(known(small, token), an_origin(device="ANY", size_bytes=4), None)
    binding.bind(small.administrator, dock.id, [MINE, "二号机"])
    assert known(small, token).devices == {MINE, "二号机"}
    assert last(small)["facts"] == {"devices": 2}
    binding.bind(small.administrator, dock.id, None)
    assert known(small, token).devices is None
    assert last(small)["facts"] == {"devices": None}


@pytest.mark.parametrize("devices", [[], [""], [" "], ["a\nb"], ["d" * 201], ["d"] * 2001])
def test_a_list_that_names_no_recorder_is_refused(
    devices: list[str], small: SmallSite, binding: Binding
) -> None:
    dock = small.dock
    entries = len(small.log())
    with pytest.raises(Invalid, match="invalid-devices"):
        binding.bind(small.administrator, dock.id, devices)
    assert len(small.log()) == entries
    assert small.accounts.docks(small.administrator) == [dock]


def test_only_docks_are_bound_and_no_dock_binds_itself(small: SmallSite, binding: Binding) -> None:
    administrator, _ = Tokens(small.site).add(Caller("operator", Kind.OPERATOR), "t", ["manage-docks"])
    dock = small.dock
    for other in ("nobody", administrator.id):
        with pytest.raises(NotFound, match="dock-not-found"):
            binding.bind(small.administrator, other, [MINE])
    with pytest.raises(Refused, match="not-permitted"):
        binding.bind(dock, dock.id, None)
    assert inside.rows(small.folder, "SELECT devices FROM account") == [(None,), (None,)]


def test_a_stolen_token_cannot_touch_what_another_dock_sends(small: SmallSite) -> None:
    upload = small.uploads.create(small.dock, an_origin(size_bytes=8), None)
    small.put(upload.id, 0, b"four")
    _, token = small.accounts.add_dock(small.administrator, "stolen")
    thief, before = known(small, token), held(small)

    def put() -> None:
        with small.uploads.receive(thief, upload.id, 4, 4, None) as reception:
            reception.take(b"evil")
            reception.commit()

    for attempt in (
        lambda: small.uploads.status(thief, upload.id),
        put,
        lambda: small.uploads.terminate(thief, upload.id),
    ):
        with pytest.raises(NotFound, match="upload-not-found"):
            attempt()
    assert held(small) == before
    assert small.put(upload.id, 4, b"more") == 8, "its own dock goes on"


def test_a_replayed_request_adds_and_changes_nothing(small: SmallSite) -> None:
    card, file = a_card(), an_origin(size_bytes=4)
    small.cards.announce(small.dock, card, [file])
    sent = small.send(file, b"sent")
    small.do_jobs()
    files = small.files()
    owed = inside.rows(small.folder, "SELECT * FROM announced")
    _, (standing,), _ = small.cards.announce(small.dock, card, [file])
    assert (standing.state, standing.upload_id) == ("sealed", sent.id)
    assert inside.rows(small.folder, "SELECT * FROM announced") == owed, "owed once"
    with pytest.raises(Conflict, match="upload-complete"):
        small.put(sent.id, 0, b"evil")
    with pytest.raises(Refused, match="upload-complete"):
        small.uploads.terminate(small.dock, sent.id)
    assert small.files() == files


def test_other_bytes_under_a_sealed_name_are_kept_apart_and_told(small: SmallSite) -> None:
    first = small.send(an_origin(size_bytes=4), b"true")
    small.do_jobs()
    second = small.send(an_origin(size_bytes=4), b"fake")
    small.do_jobs()
    assert small.uploads.status(small.dock, second.id).problem == "name-reused"
    with small.recordings.open_original(small.administrator, first.id)[1] as file:
        assert file.read() == b"true"
    assert [one["act"] for one in map(json.loads, small.log())].count("evidence.seal") == 1


def test_a_clock_a_day_back_is_refused_and_the_log_keeps_the_servers_time(small: SmallSite) -> None:
    dock = small.dock
    before = held(small)
    a_day = 86_400_000
    with pytest.raises(Invalid, match="clock-offset-unconfirmed"):
        small.cards.announce(dock, a_card(clock_offset_ms=a_day), [an_origin(size_bytes=4)])
    assert held(small) == before
    old = an_origin(size_bytes=4, modified_at=START - timedelta(days=1, hours=1))
    small.send(old, b"sent")
    times = [one["t"] for one in map(json.loads, small.log())]
    assert all(time >= "2026-03-02T09:00:00" for time in times), "no dock moves the time of the log"
