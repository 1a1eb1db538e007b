"""Forged packages before both judges, the verifier and the commands typed by hand: neither passes one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.ledger.tlog_proofs import TlogProof
from evidence.verifier.steps import Asked, examine
from tests.package_room import MadeLog, PackageRoom, a_witness
from tests.verifier.tampering import close_again, drop, entry_lines, rewrite
from tests.verifier.test_offline import typed


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> PackageRoom:
    room = PackageRoom(tmp_path_factory.mktemp("judges"), sizes=(9_000, 3), witness=a_witness())
    room.pack()
    return room


@pytest.fixture
def bag(room: PackageRoom, tmp_path: Path) -> Path:
    shutil.copytree(room.bag(), tmp_path / room.bag().name)
    return tmp_path / room.bag().name


def by_program(bag: Path) -> list[str]:
    steps = examine(str(bag), Asked(None, None, None, None, {}, lambda _: None))
    return [f"{one.code} {one.where}" for step in steps for one in step.faults]


def by_hand(bag: Path) -> list[str]:
    """Return what the commands of the page say besides what they say of every package."""
    page = (bag / "verify/BY-HAND.txt").read_text("utf-8")
    done = typed([line[4:] for line in page.splitlines() if line.startswith("    ")], bag)
    usual = ("Signature Verified Successfully", "tagmanifest-sha256.txt")
    return [line for line in (done.stdout + done.stderr).splitlines() if not line.endswith(usual)]


def a_link(bag: Path, _: PackageRoom) -> None:
    (bag / "data/elsewhere").symlink_to("/etc")


def an_unlisted_film_of_a_clever_name(bag: Path, _: PackageRoom) -> None:
    (bag / "data/originals/tagmanifest-film.mp4").write_bytes(b"x")


def a_file_less_in_the_sm3_sums(bag: Path, _: PackageRoom) -> None:
    sums = bag / "sm3sums.txt"
    sums.write_bytes(b"".join(sums.read_bytes().splitlines(keepends=True)[1:]))
    close_again(bag)


def an_entry_that_nothing_proves(bag: Path, _: PackageRoom) -> None:
    """As many proofs as entries: one of them twice, under two names."""
    entries = bag / "audit/entries.jsonl"
    first = entry_lines(bag)[0]
    entries.write_bytes(entries.read_bytes() + first.replace(b'"res":"ok"', b'"res":"no"'))
    proof = sorted((bag / "audit/proofs").glob("custody-*"))[0]
    (bag / "audit/proofs/custody-999.tlog-proof").write_bytes(proof.read_bytes())
    close_again(bag)


def another_tree_whose_root_stands_in_the_time_stamp(bag: Path, room: PackageRoom) -> None:
    """All proofs lead to a root of the forger's; it is a line of the binary file beside the checkpoint."""
    other = MadeLog("custody", {})
    other.entries = [entry.replace(b'"res":"ok"', b'"res":"no"') for entry in room.custody.entries]
    note, lines = other.checkpoint(), []
    for file in sorted((bag / "audit/proofs").glob("custody-*"), key=lambda one: int(one.stem.split("-")[1])):
        index = TlogProof.parse(file.read_bytes()).index
        file.write_bytes(other.prove(index, note))
        lines.append(other.entries[index] + b"\n")
    kept = [line for line in entry_lines(bag) if b"/custody" not in line]
    (bag / "audit/entries.jsonl").write_bytes(b"".join([*kept, *lines]))
    root = note.splitlines()[2]
    (bag / "audit/checkpoint.tsr").write_bytes(b"\x30\n" + root + b"\n")
    close_again(bag)


def a_log_of_looks_that_another_key_signed(bag: Path, room: PackageRoom) -> None:
    """The log of custody is untouched; that of looks is made anew by somebody who has not its key."""
    other = MadeLog("access/2026", {})
    other.entries = list(room.access.entries)
    made = other.checkpoint()
    name = "audit/checkpoint-access-2026"
    assert (bag / name).read_bytes().split(b"\n\n")[0] == made.split(b"\n\n")[0]
    (bag / name).write_bytes(made)
    for file in (bag / "audit/proofs").glob("access-*"):
        old = TlogProof.parse(file.read_bytes())
        file.write_bytes(TlogProof(old.index, old.hashes, made, old.extra).write())
    close_again(bag)


def the_end_of_the_looks_left_out(bag: Path, _: PackageRoom) -> None:
    (last,) = [line for line in entry_lines(bag) if b'"act":"log.read"' in line]
    drop(bag, last)


def a_derivative_s_entry_left_out(bag: Path, _: PackageRoom) -> None:
    made = next(line for line in entry_lines(bag) if b'"act":"derivative.make"' in line)
    drop(bag, made)


def a_proof_under_the_name_of_another_leaf(bag: Path, _: PackageRoom) -> None:
    file = sorted((bag / "audit/proofs").glob("custody-*"))[-1]
    file.rename(file.with_name("custody-77.tlog-proof"))
    close_again(bag)


def two_originals_exchanged(bag: Path, _: PackageRoom) -> None:
    one, other = sorted(bag.glob("data/originals/*/*"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    swapped = {one.parent.name: other.parent.name, other.parent.name: one.parent.name}

    def change(said: Any) -> Any:
        figures = ("size", "sha256", "sha512", "sm3")
        before = {item["id"]: {name: item[name] for name in figures} for item in said["items"]}
        files = {file["path"]: dict(file) for file in said["bags"][0]["files"]}
        path = {item["id"]: item["places"][0]["path"] for item in said["items"]}
        for item in said["items"]:
            if item["id"] in swapped:
                item.update(before[swapped[item["id"]]])
                item["places"][0]["size"] = item["size"]
        for file in said["bags"][0]["files"]:
            for id_, other_id in swapped.items():
                if file["path"] == path[id_]:
                    file.update({**files[path[other_id]], "path": file["path"]})
        return said

    rewrite(bag, "set.json", change)
    close_again(bag, payload=True)


FORGERIES: tuple[Callable[[Path, PackageRoom], None], ...] = (
    a_link,
    an_unlisted_film_of_a_clever_name,
    a_file_less_in_the_sm3_sums,
    an_entry_that_nothing_proves,
    another_tree_whose_root_stands_in_the_time_stamp,
    a_log_of_looks_that_another_key_signed,
    the_end_of_the_looks_left_out,
    a_derivative_s_entry_left_out,
    a_proof_under_the_name_of_another_leaf,
    two_originals_exchanged,
)


def test_untouched_both_pass_it(bag: Path) -> None:
    assert by_program(bag) == []
    assert by_hand(bag) == []


@pytest.mark.parametrize("forge", FORGERIES, ids=[one.__name__ for one in FORGERIES])
def test_neither_judge_passes_it(
    room: PackageRoom, bag: Path, forge: Callable[[Path, PackageRoom], None]
) -> None:
    forge(bag, room)
    assert by_program(bag), "the verifier passes it"
    said = by_hand(bag)
    print(json.dumps(said[:5], ensure_ascii=False))
    assert said, "the commands pass it"
