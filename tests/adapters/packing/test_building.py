"""A package is built whole or not at all; originals are read once and copied untouched."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import bagit
import pytest

from evidence.adapters.packing import Packing, copying, images
from evidence.adapters.packing.building import clear_left
from evidence.adapters.packing.images import ISO9660, UDF, filesystem
from evidence.bundle import layout
from evidence.bundle.media import MEDIA, Form, Medium
from evidence.bundle.shipment import Item, LaidBag
from evidence.bundle.shipment import Testimony as Said
from evidence.errors import Conflict, EvidenceError, IntegrityFault, Invalid, NoSpace, Unavailable
from evidence.verifier.__main__ import main
from tests import udf
from tests.package_room import CREATED, PackageRoom, sm3_of, tree

UTF8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # what isoinfo prints names in
SMALL = Medium("small", Form.FOLDER, None, 120_000)  # two items of the room fit on it
SMALL_DISC = Medium("small", Form.IMAGE, 3_000_000, 120_000)


@pytest.fixture
def room(tmp_path: Path) -> PackageRoom:
    return PackageRoom(tmp_path / "exports")


def originals(room: PackageRoom) -> dict[str, bytes]:
    """Return what must lie below data/originals, over all bags."""
    return {one.id: room.bodies[one.id] for one in room.shipment.items if one.original}


def left_over(place: Path) -> list[str]:
    return sorted(one.name for one in place.iterdir()) if place.exists() else []


def test_originals_lie_there_untouched_under_the_name_that_the_device_gave(room: PackageRoom) -> None:
    packed = room.pack()
    files = tree(room.bag())
    for number, item in enumerate(room.shipment.items):
        path = f"data/originals/{item.id}/执法记录 {number:04d}_现场.mp4"
        assert files[path] == room.bodies[item.id]
        said = json.loads(files[f"data/metadata/{item.id}.json"])
        assert said == {"id": item.id, "title": f"现场 {number}", "duration_ms": 1234}
        assert files[f"data/metadata/{item.id}.manifest.json"] == b"{}\n"
    (made,) = room.shipment.items[0].derivatives
    assert files[f"data/derivatives/{made.id}/遮挡.mp4"] == room.bodies[made.id]
    assert packed.folder == room.number
    assert left_over(room.place) == [room.number]


def test_each_original_is_read_once(room: PackageRoom) -> None:
    room.pack()
    assert sorted(room.opened) == sorted(
        [*(one.original.name for one in room.shipment.items if one.original), "d"]
    )


def test_the_librarys_own_program_accepts_it(room: PackageRoom) -> None:
    room.pack()
    bag = bagit.Bag(str(room.bag()))
    bag.validate()
    assert bag.info["Bag-Count"] == "1 of 1"
    assert bag.info["External-Identifier"] == [room.number, "A3301-2026-0007"]
    assert bag.info["Source-Organization"] == "某市公安局交通警察支队"
    assert set(bag.algorithms) == {"sha256", "sha512"}


def test_sm3_sums_are_those_of_every_payload_file(room: PackageRoom) -> None:
    room.pack()
    files = tree(room.bag())
    lines = files["sm3sums.txt"].decode().splitlines()
    assert lines == [
        f"{sm3_of(body)}  {path}"
        for path, body in sorted(files.items(), key=lambda one: one[0].encode())
        if path.startswith("data/")
    ]


def test_the_same_export_gives_the_same_bytes(tmp_path: Path) -> None:
    room = PackageRoom(tmp_path / "one")
    told: dict[str, Said] = {}

    def attest(bags: Sequence[LaidBag], listed: str) -> Said:
        if listed not in told:
            told[listed] = room.attest(bags, listed)
        return told[listed]

    for medium in ("folder", "zip", "dvd"):
        found = []
        for place in ("one", "two"):
            packed = Packing(tmp_path / place / medium).pack(room.shipment, MEDIA[medium], attest)
            found.append((packed, tree(tmp_path / place / medium)))
        assert found[0] == found[1], medium


def test_an_image_holds_the_bag_with_its_chinese_names_and_its_digest_is_listed(room: PackageRoom) -> None:
    packed = room.pack("dvd")
    (bag,) = packed.bags
    image = room.place / room.number / bag.file
    assert left_over(room.place / room.number) == [bag.file, "media.json"]
    assert bag.sm3 == sm3_of(image.read_bytes())
    read_back = str(bag.listed["read_back"]).replace("/dev/sr0", str(image))
    assert subprocess.check_output(["sh", "-c", read_back], text=True).split()[0] == bag.sha256
    # isoinfo has no charset that could show Chinese names of Joliet; xorriso has, and norock is Joliet.
    joliet = ["xorriso", "-read_fs", "norock", "-indev", str(image), "-find", "/", "-name", "*0001_*"]
    rock_ridge = ["isoinfo", "-R", "-f", "-i", str(image)]
    for command in (joliet, rock_ridge):
        assert "/执法记录 0001_现场.mp4" in subprocess.check_output(command, env=UTF8).decode("utf-8")
    out = room.place / "out"
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", "/", str(out)],
        check=True,
        capture_output=True,
    )
    subprocess.run(["chmod", "-R", "u+w", str(out)], check=True)
    bagit.Bag(str(out / bag.laid.name)).validate()
    listed = json.loads((room.place / room.number / "media.json").read_text("utf-8"))
    assert listed["media"] == [bag.listed]
    assert listed["media"][0]["blocks"] * 2048 == image.stat().st_size == bag.size_bytes


def test_a_file_of_four_gibibytes_needs_udf(room: PackageRoom) -> None:
    room.pack()
    assert filesystem(room.bag()) == ISO9660
    (one,) = room.bag().glob("data/originals/*/*0001*")
    os.truncate(one, (1 << 32) - 1)
    assert filesystem(room.bag()) == ISO9660
    os.truncate(one, 1 << 32)
    assert filesystem(room.bag()) == UDF


def test_names_of_any_length_are_whole_on_udf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "EXTENT_BYTES", 10_000)
    room = PackageRoom(tmp_path, names=["长" * 300 + ".mp4", "y" * 300 + ".mp4", "𠮷" * 300 + ".mp4"])
    packed = room.pack("dvd")
    assert packed.bags[0].listed["filesystem"] == UDF
    image = room.place / room.number / packed.bags[0].file
    for item in room.shipment.items:
        assert item.original is not None
        path = f"/{packed.bags[0].laid.name}/{layout.original(item.id, item.original.name)}"
        assert b"".join(udf.blocks(image, path)) == room.bodies[item.id]


def test_an_archive_is_stored_not_packed(room: PackageRoom) -> None:
    packed = room.pack("zip")
    with zipfile.ZipFile(room.place / room.number / packed.bags[0].file) as archive:
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.testzip() is None
        archive.extractall(room.place / "out")
    bagit.Bag(str(room.place / "out" / packed.bags[0].laid.name)).validate()


def test_a_set_is_split_by_whole_files_and_each_bag_is_whole_alone(room: PackageRoom) -> None:
    packed = room.pack(SMALL)
    assert len(packed.bags) == 2
    found = {}
    for number in (1, 2):
        bag = room.bag(number, 2)
        bagit.Bag(str(bag)).validate()
        files = tree(bag)
        found.update(
            {path.split("/")[2]: body for path, body in files.items() if path.startswith("data/originals/")}
        )
        listed = json.loads(files["set.json"])
        assert [one["name"] for one in listed["bags"]] == [one.laid.name for one in packed.bags]
    assert found == originals(room)
    same = [
        {
            path: body
            for path, body in tree(room.bag(number, 2)).items()
            if path.startswith(("audit/", "report/", "verify/", "set"))
        }
        for number in (1, 2)
    ]
    assert same[0] == same[1]
    assert len(same[0]) > 10


def test_a_file_larger_than_the_medium_becomes_parts_that_join_again(
    room: PackageRoom, tmp_path: Path
) -> None:
    tiny = replace(SMALL, plan_bytes=40_960)
    with pytest.raises(Invalid, match="package-file-larger"):
        room.pack(tiny)
    assert left_over(room.place) == []
    packed = room.pack(tiny, may_cut=True)
    of = len(packed.bags)
    listed = json.loads(tree(room.bag(1, of))["set.json"])
    (cut,) = [one for one in listed["items"] if one["id"] == room.shipment.items[2].id]
    assert len(cut["places"]) == 3
    joined = tmp_path / "joined"
    joined.mkdir()
    for place in cut["places"]:
        shutil.copy(room.bag(place["bag"], of) / place["path"], joined)
    (join,) = [one for one in listed["join"] if one["id"] == cut["id"]]
    subprocess.run(["sh", "-c", join["posix"]], cwd=joined, check=True)
    assert (joined / cut["name"]).read_bytes() == room.bodies[cut["id"]]
    assert join["windows"].startswith("copy /b ")
    assert sum(place["size"] for place in cut["places"]) == cut["size"] == len(room.bodies[cut["id"]])


def test_parts_on_discs_join_again_when_all_discs_are_read(room: PackageRoom, tmp_path: Path) -> None:
    packed = room.pack(replace(SMALL_DISC, plan_bytes=40_960), may_cut=True)
    assert len(packed.bags) > 3
    bags = []
    for one in packed.bags:
        image, out = room.place / room.number / one.file, tmp_path / one.laid.name
        command = ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", f"/{out.name}", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        subprocess.run(["chmod", "-R", "u+w", str(out)], check=True)
        bags.append(str(out))
    assert main([*bags, "--vkey", room.custody.key.vkey.text(), "--vkey", room.access.key.vkey.text()]) == 0


def changed(room: PackageRoom, number: int, body: bytes) -> None:
    """Let the vault give other bytes than the catalogue promises."""
    items = list(room.shipment.items)
    original = items[number].original
    assert original is not None
    items[number] = replace(items[number], original=replace(original, open=lambda: io.BytesIO(body)))
    room.shipment = replace(room.shipment, items=tuple(items))


@pytest.mark.parametrize("fault", ["flipped", "short", "long", "empty"])
def test_an_original_that_is_not_as_promised_stops_the_build(room: PackageRoom, fault: str) -> None:
    body = room.bodies[room.shipment.items[2].id]
    made = {
        "flipped": body[:-1] + bytes([body[-1] ^ 1]),
        "short": body[:-1],
        "long": body + b"x",
        "empty": b"",
    }
    changed(room, 2, made[fault])
    before = len(room.custody.entries)
    with pytest.raises(IntegrityFault, match="package-source-differs"):
        room.pack()
    assert left_over(room.place) == []
    assert len(room.custody.entries) == before, "the log heard of nothing"


def test_an_original_whose_sm3_differs_stops_the_build(room: PackageRoom) -> None:
    item = room.shipment.items[0]
    assert item.original is not None
    other = replace(item, original=replace(item.original, sm3="0" * 64))
    room.shipment = replace(room.shipment, items=(other, *room.shipment.items[1:]))
    with pytest.raises(IntegrityFault, match="package-source-differs"):
        room.pack()
    assert left_over(room.place) == []


def test_a_vault_that_breaks_off_while_it_is_read_leaves_nothing(room: PackageRoom) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise Unavailable("vault-unavailable")

    def broken() -> BinaryIO:
        return Broken()  # type: ignore[return-value]

    item = room.shipment.items[1]
    assert item.original is not None
    other = replace(item, original=replace(item.original, open=broken))
    room.shipment = replace(room.shipment, items=(room.shipment.items[0], other))
    with pytest.raises(Unavailable):
        room.pack()
    assert left_over(room.place) == []


def no_export(entries: Said) -> Said:
    return replace(entries, entries=[one for one in entries.entries if b'"export.create"' not in one.entry])


def one_left_out(entries: Said) -> Said:
    middle = next(one for one in entries.entries if b'"evidence.examine"' in one.entry)
    return replace(entries, entries=[one for one in entries.entries if one is not middle])


def other_proof(entries: Said) -> Said:
    first, second, *rest = entries.entries
    return replace(entries, entries=[replace(first, proof=second.proof), second, *rest])


def field_hidden(entries: Said) -> Said:
    hidden = [replace(one, fields={}) for one in entries.entries]
    return replace(entries, entries=hidden)


@pytest.mark.parametrize("spoil", [no_export, one_left_out, other_proof, field_hidden])
def test_what_the_log_says_must_carry_the_package(room: PackageRoom, spoil: Callable[[Said], Said]) -> None:
    def attest(bags: Sequence[LaidBag], listed: str) -> Said:
        return spoil(room.attest(bags, listed))

    with pytest.raises(EvidenceError):
        Packing(room.place).pack(room.shipment, MEDIA["folder"], attest)
    assert left_over(room.place) == []


def test_an_entry_about_other_manifests_is_refused(room: PackageRoom) -> None:
    def attest(bags: Sequence[LaidBag], listed: str) -> Said:
        return room.attest([replace(one, manifest_sha256="0" * 64) for one in bags], listed)

    with pytest.raises(IntegrityFault, match="bags"):
        Packing(room.place).pack(room.shipment, MEDIA["folder"], attest)
    assert left_over(room.place) == []


def test_an_entry_about_another_set_list_is_refused(room: PackageRoom) -> None:
    def attest(bags: Sequence[LaidBag], listed: str) -> Said:
        return room.attest(bags, listed[::-1])

    with pytest.raises(IntegrityFault, match="set list"):
        Packing(room.place).pack(room.shipment, MEDIA["folder"], attest)
    assert left_over(room.place) == []


def test_after_a_build_that_broke_off_the_newest_entry_counts(room: PackageRoom) -> None:
    def fails(bags: Sequence[LaidBag], listed: str) -> Said:
        room.attest([replace(one, manifest_sha256="0" * 64) for one in bags], listed)
        raise Unavailable("log-unavailable")

    with pytest.raises(Unavailable):
        Packing(room.place).pack(room.shipment, MEDIA["folder"], fails)
    room.pack()
    assert left_over(room.place) == [room.number]


def test_a_number_is_used_once(room: PackageRoom) -> None:
    room.pack()
    before = tree(room.place)
    with pytest.raises(Conflict, match="package-exists"):
        room.pack()
    assert tree(room.place) == before


def test_an_image_that_is_larger_than_the_medium_is_refused(room: PackageRoom) -> None:
    with pytest.raises(Invalid, match="package-medium-full"):
        room.pack(replace(SMALL_DISC, holds_bytes=100_000))
    assert left_over(room.place) == []


@pytest.mark.parametrize("tool", ["missing", "failing"])
def test_a_tool_that_is_missing_or_fails_leaves_nothing(
    room: PackageRoom, tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    if tool == "failing":
        (folder / "xorriso").write_text("#!/bin/sh\necho no >&2\nexit 5\n")
        (folder / "xorriso").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    expected = {"missing": "package-tool-missing", "failing": "package-image-failed"}
    with pytest.raises(Unavailable, match=expected[tool]):
        room.pack("dvd")
    assert left_over(room.place) == []


def test_a_full_disc_is_told_as_such_and_leaves_nothing(
    room: PackageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write = [0], os.write

    def full(fd: int, block: Any) -> int:
        written[0] += len(block)
        if written[0] > 100_000:
            raise OSError(28, "No space left on device")
        return write(fd, block)

    monkeypatch.setattr(copying.os, "write", full)
    with pytest.raises(NoSpace):
        room.pack()
    monkeypatch.undo()
    assert left_over(room.place) == []


def test_what_a_killed_build_left_is_removed_by_the_next_and_one_at_work_is_left_alone(
    room: PackageRoom,
) -> None:
    left = room.place / f".{room.number}.abc~building"
    (left / "x" / "data").mkdir(parents=True)
    seen = []

    def attest(bags: Sequence[LaidBag], listed: str) -> Said:
        clear_left(room.place)
        seen.extend(left_over(room.place))
        return room.attest(bags, listed)

    Packing(room.place).pack(room.shipment, MEDIA["folder"], attest)
    assert len(seen) == 1
    assert seen[0] != left.name
    assert left_over(room.place) == [room.number]


def test_until_it_is_closed_it_is_no_bag(room: PackageRoom) -> None:
    def attest(bags: Sequence[LaidBag], listed: str) -> Said:
        (building,) = room.place.iterdir()
        (bag,) = building.iterdir()
        assert (bag / "manifest-sha256.txt").exists()
        assert not (bag / "bagit.txt").exists()
        return room.attest(bags, listed)

    Packing(room.place).pack(room.shipment, MEDIA["folder"], attest)


def test_a_package_is_for_its_owner_only(room: PackageRoom) -> None:
    room.pack()
    assert (room.place / room.number).stat().st_mode & 0o077 == 0


def test_all_dates_are_that_of_the_export(room: PackageRoom) -> None:
    room.pack()
    assert {int(one.stat().st_mtime) for one in room.bag().rglob("*")} == {1795941000}
    assert CREATED == "2026-11-29T08:30:00.000000Z"


def test_an_item_of_which_only_a_derivative_goes_out(room: PackageRoom) -> None:
    first = room.shipment.items[0]
    room.shipment = replace(room.shipment, items=(replace(first, original=None),))
    room.pack()
    assert not (room.bag() / "data/originals").exists()
    bagit.Bag(str(room.bag())).validate()


def test_nothing_of_an_item_is_no_item() -> None:
    with pytest.raises(Invalid, match="package-malformed"):
        Item("0" * 32, CREATED, None)
