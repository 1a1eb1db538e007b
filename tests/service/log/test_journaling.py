"""The journal of rows: every change is in the vault once the logs are published; the log vouches for it."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.db.repositories import journal as journal_module
from evidence.adapters.db.tables import JOURNALLED
from evidence.ledger.rows import read_lines, serial_of
from evidence.ledger.segments import Kind, Piece
from evidence.service.log import journaling
from evidence.service.site import Site
from storage.bucket import Bucket
from storage.errors import StoreUnavailable
from storage.opening import bucket_address
from storage.s3 import S3Vault
from tests import forms, inside, tampering
from tests.builders import SmallSite
from tests.log_room import LogRoom
from tests.servers.object_store import ObjectStoreServer


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with a signer."""
    room = LogRoom(tmp_path)
    yield room
    room.close()


def pieces(room: LogRoom) -> dict[int, bytes]:
    """Read the pieces from the vault."""
    keys = [one.key for one in room.small.vault.census("log/rows/")]
    return {serial_of(key): inside.sealed(room.folder, key) for key in keys}


def replayed(room: LogRoom) -> dict[str, list[dict[str, Any]]]:
    """Return what stands last for each key, by table, in the order of keys."""
    rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {table: {} for table in JOURNALLED}
    for raw in pieces(room).values():
        for line in read_lines(raw):
            key = tuple(line.values[name] for name in JOURNALLED[line.table])
            rows[line.table].pop(key, None)
            if not line.is_gone:
                rows[line.table][key] = dict(line.values)
    return {table: [found[key] for key in sorted(found)] for table, found in rows.items()}


def stored(room: LogRoom) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the database as the lines of a piece say them."""
    found = {}
    with room.small.database.reading() as unit:
        for table in journal_module.TABLES:
            rows = [dict(row) for row in unit.log._db.execute(table.select()).mappings()]
            lines = [json.loads(json.dumps(dict(journal_module.told(table, row).values))) for row in rows]
            found[table.name] = sorted(lines, key=lambda row: [row[one] for one in JOURNALLED[table.name]])
    return found


def test_what_stands_last_in_the_pieces_is_what_the_tables_hold(room: LogRoom) -> None:
    room.seal()
    room.publish()
    room.seal("b.mp4")
    room.small.accounts.revoke_dock(room.small.administrator, "dock")
    room.publish()
    assert replayed(room) == stored(room)
    assert {table for table, rows in replayed(room).items() if rows} >= {
        "account",
        "upload",
        "recording",
        "claim",
    }
    assert sorted(pieces(room)) == list(range(1, len(pieces(room)) + 1))


def test_a_row_that_is_gone_is_said_to_be_gone(room: LogRoom) -> None:
    upload = room.seal()
    room.publish()
    inside.change(room.folder, "DELETE FROM claim WHERE upload_id = :id", id=upload)
    room.publish()
    assert replayed(room) == stored(room)
    assert replayed(room)["claim"] == []


def test_the_log_vouches_for_each_piece(room: LogRoom) -> None:
    room.seal()
    room.publish()
    entries = [json.loads(body) for body in room.small.log()]
    vouched = {one["facts"]["serial"]: one["facts"] for one in entries if one["act"] == "log.rows"}
    assert vouched.keys() == pieces(room).keys()
    for serial, raw in pieces(room).items():
        assert vouched[serial]["sha256"] == hashlib.sha256(raw).hexdigest()
        assert vouched[serial]["rows"] == raw.count(b"\n")


def test_nothing_that_opens_a_door_is_written(room: LogRoom) -> None:
    room.seal()
    room.publish()
    ((token,),) = inside.rows(room.folder, "SELECT token_sha256 FROM account")
    assert not any(token.encode() in raw for raw in pieces(room).values())


def test_while_bytes_arrive_nothing_is_written_down(room: LogRoom) -> None:
    from tests.builders import an_origin

    upload = room.small.uploads.create(room.small.dock, an_origin("c.mp4", size_bytes=10), None)
    room.publish()
    before = pieces(room)
    room.small.put(upload.id, 0, b"12345")
    room.publish()
    assert pieces(room) == before


def test_publishing_comes_to_an_end(room: LogRoom) -> None:
    room.seal()
    room.publish()
    before = room.small.files()
    room.publish()
    assert room.small.files() == before


def test_what_changes_while_a_piece_is_sealed_waits_for_the_next_time(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.seal()
    whole, names = journaling.seal_piece, iter("bcdefgh")

    def meanwhile(*args: Any) -> None:
        whole(*args)
        room.seal(f"{next(names)}.mp4")

    monkeypatch.setattr(journaling, "seal_piece", meanwhile)
    room.publishing.publish_all()
    assert len(pieces(room)) == 1
    monkeypatch.undo()
    room.publishing.publish_all()
    assert len(pieces(room)) == 2
    assert replayed(room) == stored(room)


@pytest.mark.parametrize("step", ["seal_piece", "rows_entry"])
def test_what_broke_off_goes_on_to_the_very_same_piece(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    room.seal()
    whole = getattr(journaling, step)

    def broken(*args: Any) -> None:
        whole(*args)
        raise StoreUnavailable(reason="broken off")

    monkeypatch.setattr(journaling, step, broken)
    with pytest.raises(StoreUnavailable):
        room.publishing.publish_all()
    monkeypatch.undo()
    first = pieces(room)[1]
    room.seal("b.mp4")
    room.publish()
    assert pieces(room)[1] == first
    assert replayed(room) == stored(room)
    assert room.fsck() == []


def test_many_rows_are_many_pieces_and_those_that_others_refer_to_come_first(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST_ROWS", 3)
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        room.seal(name)
    room.publish()
    assert all(raw.count(b"\n") <= 3 for raw in pieces(room).values())
    assert replayed(room) == stored(room)
    order = [line.table for _, raw in sorted(pieces(room).items()) for line in read_lines(raw)]
    assert order.index("account") < order.index("upload") < order.index("recording")


def test_a_check_tells_of_a_piece_that_was_changed_removed_or_added(room: LogRoom) -> None:
    room.seal()
    room.publish()
    assert room.found() == set()
    first, other = journaling.key_of(1), journaling.key_of(7)
    forged = bytearray(inside.sealed(room.folder, first))
    forged[40] ^= 1
    with tampering.overwritten(room.folder, first, bytes(forged)):
        assert room.found() == {("rows-altered", first)}
    with tampering.removed(room.folder, first):
        assert room.found() >= {("rows-missing", first)}  # in a bucket: listed, and not given
    lock = next(iter(room.small.vault.list("log/"))).lock
    room.small.vault.seal_bytes(other, b"{}\n", lock)
    assert room.found() == {("rows-unknown", other)}


@forms.embedded_only("a bucket keeps its locks itself")
def test_a_check_tells_of_a_lock_record_of_a_piece_with_one_bit_flipped(room: LogRoom) -> None:
    # Drill F17 found that nobody told: the piece's own bytes are whole.
    room.seal()
    room.publish()
    record = next((room.folder / "vault/log/rows").rglob("rows~lock.*"))
    body, key = record.read_bytes(), str(record.parent.relative_to(room.folder / "vault") / "rows")
    record.chmod(0o600)
    record.write_bytes(body[:30] + bytes([body[30] ^ 1]) + body[31:])
    assert room.found() == {("log-piece-damaged", key)}
    record.write_bytes(body)
    assert room.found() == set()


def test_another_piece_in_the_way_is_an_alarm(room: LogRoom) -> None:
    room.seal()
    room.publish()
    serial = max(pieces(room)) + 1
    lock = next(iter(room.small.vault.list("log/"))).lock
    room.small.vault.seal_bytes(journaling.key_of(serial), b"{}\n", lock)
    room.seal("b.mp4")
    room.publishing.publish_all()
    assert [one.kind for one in room.auditing.standing()] == ["segment-differs"]


def test_two_processes_that_seal_one_piece_into_a_bucket_leave_one_version(
    tmp_path: Path, object_store_server: ObjectStoreServer
) -> None:
    server = object_store_server
    address = bucket_address(
        f"s3://{server.access_key}:{server.secret_key}@{server.endpoint}/t-{secrets.token_hex(8)}"
        f"?ca_file={server.ca_file}"
    )
    Bucket(address).make()
    small = SmallSite(tmp_path)
    sites = [replace(small.site, vault=S3Vault(Bucket(address))) for _ in range(2)]
    keys = [Piece("custody", size, Kind.ENTRIES).key() for size in range(1, 9)]
    for key in keys:
        begin = threading.Barrier(2)

        def seal(site: Site, key: str = key, begin: threading.Barrier = begin) -> None:
            begin.wait()
            journaling.seal_piece(site, key, b"the very same piece")

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(seal, sites))
    assert [one.key for one in Bucket(address).versions("")] == keys
    small.database.close()
