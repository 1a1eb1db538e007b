"""What a reader of a package would take as its word, and no step had looked at: found by both judges.

The hands here know BagIt, and change set list and report alike; they lack the key of the log, and the seal.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.bundle.media import Form, Medium
from evidence.ledger.canonical import canonical
from evidence.ledger.tlog_proofs import TlogProof
from evidence.verifier.__main__ import main
from evidence.verifier.bags import Bag
from evidence.verifier.package import Package
from evidence.verifier.steps import Asked, examine
from evidence.verifier.trust import read_trust
from tests.package_room import MadeKey, PackageRoom
from tests.verifier.tampering import close_again, rewrite
from tests.verifier.test_two_judges import by_hand

OF_ITEM = ("id", "kind", "parent", "device_name", "size", "sha256", "sha512", "sm3")
STATEMENT = "report/chain-of-custody.json"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> PackageRoom:
    room = PackageRoom(tmp_path_factory.mktemp("besides"), sizes=(900, 3))
    room.pack()
    return room


@pytest.fixture
def bag(room: PackageRoom, tmp_path: Path) -> Path:
    shutil.copytree(room.bag(), tmp_path / room.bag().name)
    return tmp_path / room.bag().name


def found(bag: Path, trust: bytes | None = None) -> set[tuple[int, str]]:
    given = None if trust is None else read_trust(trust, "")
    steps = examine(str(bag), Asked(given, None, None, None, {}, lambda _: None))
    return {(step.number, one.code) for step in steps for one in step.faults}


def relist(bag: Path, change: Callable[[Any], None]) -> None:
    """Change the set list, and the report with it."""

    def changed(said: Any) -> Any:
        change(said)
        return said

    def reported(said: Any) -> Any:
        items = [{name: one[name] for name in OF_ITEM if name in one} for one in listed["items"]]
        return {**said, "export": listed["export"], "items": items}

    rewrite(bag, "set.json", changed)
    listed = json.loads((bag / "set.json").read_bytes())
    rewrite(bag, STATEMENT, reported)
    close_again(bag)


def another_name_of_the_device(said: Any) -> None:
    said["items"][0]["device_name"] = "DCIM/another camera.mp4"


def another_time(said: Any) -> None:
    said["items"][0]["began"] = "2020-01-01T00:00:00.000000Z"


def another_order(said: Any) -> None:
    said["items"].reverse()


def an_item_twice(said: Any) -> None:
    said["items"].append(copy.deepcopy(said["items"][0]))


def another_medium(said: Any) -> None:
    said["medium"] = "cd"


def a_word_more(said: Any) -> None:
    said["items"][0]["wearer"] = "999999"


def another_minute_of_the_export(said: Any) -> None:
    said["export"]["created"] = "2026-11-29T23:59:59.000000Z"


@pytest.mark.parametrize(
    "change",
    [another_name_of_the_device, another_time, another_order, an_item_twice, another_medium, a_word_more,
     another_minute_of_the_export],
)  # fmt: skip
def test_the_log_vouches_for_every_word_of_the_set_list(bag: Path, change: Callable[[Any], None]) -> None:
    relist(bag, change)
    assert found(bag) == {(7, "manifests")}


def test_a_package_from_before_the_log_named_its_set_list_says_what_only_the_seal_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our builder makes none any more: here it is made to close its eyes."""
    monkeypatch.setattr("evidence.bundle.audit._verify_listed", lambda *_: None)
    room = PackageRoom(tmp_path, sizes=(900, 3))
    append = room.custody.append

    def older(act: str, about: Any, **fields: Any) -> int:
        fields.get("facts", {}).pop("set_sha256", None)
        return append(act, about, **fields)

    room.custody.append = older  # type: ignore[method-assign]
    room.pack()
    assert main([str(room.bag())]) == 0
    assert "does not name the digest of set.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "behind", "fault"),
    [
        ("audit/disclosed.jsonl", b'{"field":"actor","value":"\xe5\xbc\xa0"}', (5, "json")),
        ("bag-info.txt", b"Contact-Name: another", (7, "bag-info")),
        ("bag-info.txt", b"Bag-Count: 1 of 9", (7, "bag-info")),
    ],
)
def test_what_stands_behind_the_last_end_of_a_line_is_found(
    bag: Path, path: str, behind: bytes, fault: tuple[int, str]
) -> None:
    (bag / path).write_bytes((bag / path).read_bytes() + behind)
    close_again(bag)
    assert found(bag) == {fault}


def test_an_empty_folder_says_nothing_in_a_package(bag: Path) -> None:
    (bag / "data/originals/withheld by the agency").mkdir()
    assert found(bag) == {(1, "unlisted")}


def add_a_true_entry(room: PackageRoom, bag: Path) -> bytes:
    """Do what somebody does who reads the log: add an act that was done to another thing, with its proof."""
    leaf = next(at for at, raw in enumerate(room.custody.entries) if b'"act":"card.announce"' in raw)
    file = bag / f"audit/proofs/custody-{leaf}.tlog-proof"
    file.write_bytes(room.custody.prove(leaf, (bag / "audit/checkpoint").read_bytes()))
    proofs = [TlogProof.parse(one.read_bytes()) for one in (bag / "audit/proofs").iterdir()]
    raws = {(json.loads(one.extra)["log"], one.index): one.extra for one in proofs if one.extra}
    (bag / "audit/entries.jsonl").write_bytes(b"".join(raws[one] + b"\n" for one in sorted(raws)))
    entry = json.loads(room.custody.entries[leaf])
    row = {name: entry.get(name) for name in ("log", "t", "act", "by", "res")}
    row |= {"index": leaf, "objects": [one["id"] for one in entry["obj"]], "fields": {}}

    def told(said: Any) -> Any:
        rows = sorted([*said["custody"], row], key=lambda one: (one["log"], one["index"]))
        return {**said, "custody": rows}

    rewrite(bag, STATEMENT, told)
    close_again(bag)
    return room.custody.entries[leaf]


def test_a_true_entry_about_something_else_is_none_of_this_package(room: PackageRoom, bag: Path) -> None:
    add_a_true_entry(room, bag)
    assert found(bag) == {(6, "entry-foreign")}


def test_the_commands_typed_by_hand_find_each_of_these(room: PackageRoom, bag: Path) -> None:
    (bag / "data/originals/withheld by the agency").mkdir()
    relist(bag, another_time)
    for path in ("audit/disclosed.jsonl", "bag-info.txt"):
        (bag / path).write_bytes((bag / path).read_bytes() + b"Bag-Count: 1 of 9")
    entry = add_a_true_entry(room, bag).decode()
    told = ["bag-info.txt: no end", "audit/disclosed.jsonl: no end", entry, "another set.json"]
    assert sorted(by_hand(bag)) == sorted(["./data/originals/withheld by the agency", *told])


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "idna", "rot13", "UTF-16", "utf_8"])
def test_whatever_a_bag_says_of_its_letters_it_is_told_and_raises_nothing(bag: Path, encoding: str) -> None:
    declared = f"BagIt-Version: 1.0\nTag-File-Character-Encoding: {encoding}\n"
    (bag / "bagit.txt").write_text(declared)
    close_again(bag)
    assert {code for _, code in found(bag)} & {"bag-encoding", "bag-declaration"}
    assert main([str(bag), "--bag-only"]) == (0 if encoding == "utf_8" else 1)


def test_a_declaration_of_other_bytes_is_found(bag: Path) -> None:
    (bag / "bagit.txt").write_bytes((bag / "bagit.txt").read_bytes().replace(b"\n", b"\r\n"))
    close_again(bag)
    assert found(bag) == {(1, "bag-declaration")}


def test_a_pipe_in_the_place_of_a_part_on_another_medium_is_never_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room = PackageRoom(tmp_path)
    of = len(room.pack(Medium("tiny", Form.FOLDER, None, 40_960), may_cut=True).bags)
    bags = [room.bag(number, of) for number in range(1, of + 1)]
    part = next(one for bag in bags for one in bag.glob("data/originals/*/*.part002"))
    part.unlink()
    os.mkfifo(part)
    first = next(bag for bag in bags if list(bag.glob(f"data/originals/{part.parent.name}/*.part001")))
    assert main([str(bag) for bag in (first, *(one for one in bags if one != first))]) == 1
    assert "not an ordinary file" in capsys.readouterr().out.split(str(bags[-1]))[0]


def test_keys_that_only_the_package_names_are_told(
    room: PackageRoom, bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever takes the trust file out of a package that passed would trust them from then on."""
    (tmp_path / "trust").write_bytes(room.policy())
    more = MadeKey(room.custody.origin).vkey.text()
    (bag / "audit/policy.txt").write_bytes(room.policy() + f"log {more}\n".encode())
    close_again(bag)
    assert main([str(bag), "--trust", str(tmp_path / "trust")]) == 0
    said = capsys.readouterr().out
    assert "names keys that yours does not" in said
    assert main([str(room.bag()), "--trust", str(tmp_path / "trust")]) == 0
    assert "names keys that yours does not" not in capsys.readouterr().out


def test_a_list_of_thousands_of_files_is_read_in_its_own_time(tmp_path: Path) -> None:
    """Whoever hands a package over must not keep the one who judges it for hours."""
    places = [(f"{n:032x}", f"data/originals/{n:032x}/a.mp4") for n in range(6_000)]
    sums = {"sha256": "0" * 64, "sha512": "0" * 128, "sm3": "0" * 64, "size": 1}
    files = [{"path": path, **sums} for _, path in places]
    items = [
        {"id": id_, "kind": "recording", "name": "a.mp4", **sums, "device_name": "a.mp4",
         "places": [{"bag": 1, "offset": 0, "path": path, "size": 1}]}
        for id_, path in places
    ]  # fmt: skip
    export = {"created": "", "id": "", "number": ""}
    listed = {"bags": [{"files": files}], "export": export, "items": items, "type": "evidence.set/1"}
    (tmp_path / "set.json").write_bytes(canonical(listed) + b"\n")
    package = Package(Bag(str(tmp_path), "1.0", "UTF-8", {}, {}, set()))
    began = time.process_time()
    assert len(package.set_list()["items"]) == len(places)
    assert package.objects() == {id_ for id_, _ in places}
    assert time.process_time() - began < 1.0
