"""The check of the logs names what is wrong with the copies that transfers to courts have left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.service.court.handing_over import HandingOver
from evidence.service.log.retained_checks import TURN, is_in_turn
from storage import locks
from storage.vault import Lock, Promise
from tests import tampering
from tests.builders import SITE
from tests.export_room import ExportRoom
from tests.rebuilding_room import lose_database, reopen, restore
from tests.tampering import overwrite, remove


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def handed_over(room: ExportRoom) -> str:
    """Have a transfer handed over; return its id."""
    room.designate()
    one = room.approved()
    room.build(one)
    room.hand_over(one)
    room.logs.publish()
    return one


def found(room: ExportRoom) -> set[tuple[str, str]]:
    return room.logs.found()


@pytest.mark.article("dazhe-2020:14")
def test_what_was_retained_is_known_and_sound(room: ExportRoom) -> None:
    handed_over(room)
    assert found(room) == set()


def no_hold(folder: Path, key: str) -> None:
    """Forge the lock record: the hold is not in it."""
    sealed = tampering.open_vault(tampering.forms.vault_url(folder)).stat(key)
    lock = Lock(sealed.lock.retain_until, frozenset())
    overwrite(folder, f"{key}~lock.000001.json", locks.encode(locks.seal(key, sealed.promise, lock)))


def other_bytes(folder: Path, key: str) -> None:
    """Forge bytes and lock record, so that they fit."""
    sealed = tampering.open_vault(tampering.forms.vault_url(folder)).stat(key)
    body = b"forged"
    overwrite(folder, key, body)
    promise = Promise(len(body), hashlib.sha256(body).hexdigest())
    overwrite(folder, f"{key}~lock.000001.json", locks.encode(locks.seal(key, promise, sealed.lock)))


@pytest.mark.parametrize(
    ("harm", "kind", "item"),
    [
        (remove, "object-damaged", "exports/{}/1"),
        (lambda folder, key: overwrite(folder, key, b"short"), "object-damaged", "exports/{}/1"),
        (no_hold, "lock-weaker", "exports/{}/1"),
        (other_bytes, "retained-differs", "exports/{}"),
        (lambda folder, key: tampering.remove_all(folder, key[:-1]), "object-missing", "exports/{}/1"),
    ],
    ids=["removed", "cut", "hold gone", "forged", "all gone"],
)
@pytest.mark.article("dazhe-2020:14")
def test_a_copy_that_is_missing_cut_freed_or_forged_is_named(
    room: ExportRoom, harm: Callable[[Path, str], None], kind: str, item: str
) -> None:
    one = handed_over(room)
    harm(room.folder / "site", f"exports/{one}/1")
    assert (kind, item.format(one)) in found(room)


def test_a_flipped_byte_is_found_within_the_days_of_a_turn(room: ExportRoom) -> None:
    one = handed_over(room)
    key, now = f"exports/{one}/1", room.small.clock.now()
    (hour,) = [at for at in range(TURN // timedelta(hours=1)) if is_in_turn(one, now + timedelta(hours=at))]
    body = (room.folder / "site" / "vault" / key).read_bytes()
    overwrite(room.folder / "site", key, body[:-1] + bytes([body[-1] ^ 1]))
    room.pass_by(timedelta(hours=hour))
    assert ("retained-differs", key) in found(room)


def test_what_nobody_handed_over_is_named_but_what_a_crash_left_is_not(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    HandingOver(room.site, room.shelf)._retained(room.export(one))  # then the process died
    room.logs.publish()
    assert found(room) == set()
    stray = f"exports/{'f' * 32}/1"
    sealed = room.small.vault.stat(f"exports/{one}/1")
    room.small.vault.seal_bytes(stray, b"stray", sealed.lock)
    room.small.vault.seal_bytes(f"exports/{one}/9", b"stray", sealed.lock)
    assert found(room) == {("object-without-entry", stray), ("object-without-entry", f"exports/{one}/9")}


def test_an_edited_row_is_named(room: ExportRoom) -> None:
    one = handed_over(room)
    room.logs.as_administrator("update export set retained_sha256 = :no where id = :id", no="0" * 64, id=one)
    assert ("row-altered", f"export {one}") in found(room)


@pytest.mark.article("dazhe-2020:14")
def test_a_rebuild_knows_what_was_retained_and_names_what_is_gone(room: ExportRoom) -> None:
    (room.logs.folder / "site.toml").write_text(f'name = "{SITE}"\npolicy = "dazhe-2020"\n', "utf-8")
    one = handed_over(room)
    lose_database(room.logs)
    assert restore(room.logs).faults == []
    reopen(room.logs)
    with room.logs.small.database.reading() as unit:
        row = unit.exports.get(one)
    assert row is not None
    assert row.built is not None
    assert row.built.retained_key == f"exports/{one}"
    tampering.remove_all(room.logs.folder, f"exports/{one}/")
    lose_database(room.logs)
    told = {(fault.kind, fault.item) for fault in restore(room.logs).faults}
    assert told == {("object-missing", f"exports/{one}/1")}
