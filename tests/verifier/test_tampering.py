"""Whatever is changed in a package is found, and what is named is what was changed.

Two kinds of hands: one that only changes a file, and one that knows BagIt and makes all manifests anew.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.ledger.canonical import canonical
from evidence.ledger.encodings import write_base64
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.proofs import consistency
from evidence.ledger.tlog_proofs import TlogProof
from evidence.verifier.__main__ import main
from evidence.verifier.steps import Asked, Step, examine
from evidence.verifier.trust import Trust, read_trust
from tests.package_room import PDF, MadeLog, PackageRoom, a_witness, tree
from tests.verifier.tampering import close_again, digested, drop, entry_lines, rewrite

PLACES = int(os.environ.get("EVIDENCE_PLACES", "250"))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> PackageRoom:
    room = PackageRoom(tmp_path_factory.mktemp("tampering"), sizes=(9_000, 3, 5_001), witness=a_witness())
    room.before = room.custody.checkpoint(), len(room.custody.entries)  # type: ignore[attr-defined]
    room.packed = room.pack()  # type: ignore[attr-defined]
    return room


@pytest.fixture
def bag(room: PackageRoom, tmp_path: Path) -> Path:
    shutil.copytree(room.bag(), tmp_path / room.bag().name)
    return tmp_path / room.bag().name


def asked(trust: Trust | None = None, **given: Any) -> Asked:
    return Asked(trust, given.get("older"), given.get("growth"), given.get("seal"), {}, lambda _: None)


def faults(bag: Path, trust: Trust | None = None, **given: Any) -> list[tuple[int, str, str]]:
    steps: list[Step] = examine(str(bag), asked(trust, **given))
    assert [one.number for one in steps] == list(range(1, 10))
    return [(step.number, one.code, f"{one.where} {one.more}") for step in steps for one in step.faults]


def test_untouched_it_passes_with_keys_from_outside(room: PackageRoom, bag: Path) -> None:
    assert faults(bag) == []
    assert faults(bag, read_trust(room.policy(), "")) == []


def test_every_change_of_a_single_byte_is_found_and_the_file_is_named(bag: Path) -> None:
    """Hundreds of places over all files, more in small ones; every file at least once."""
    seed = random.randrange(10**6)
    print("seed", seed)
    chance, files = random.Random(seed), tree(bag)
    names = sorted(files)
    chosen = names + chance.choices(names, k=max(0, PLACES - len(names)))
    for path in chosen:
        body = bytearray(files[path])
        at = chance.randrange(len(body))
        body[at] ^= 1 << chance.randrange(8)
        (bag / path).write_bytes(body)
        found = faults(bag)
        (bag / path).write_bytes(files[path])
        assert found, (seed, path, at)
        names_it = any(path in where for _, _, where in found)
        assert names_it or path.startswith(("manifest-", "tagmanifest-", "sm3sums")), (seed, path, at, found)
    assert faults(bag) == []


@pytest.mark.parametrize("hand", ["changed", "removed"])
def test_a_payload_file_that_was_touched_does_not_make_it_another_bag(bag: Path, hand: str) -> None:
    path = next(one for one in sorted(tree(bag)) if one.startswith("data/originals/"))
    (bag / path).write_bytes(b"other") if hand == "changed" else (bag / path).unlink()
    found = faults(bag)
    assert {number for number, _, _ in found} == {1, 7}
    assert [one for one in found if one[0] == 7] == [(7, "not-as-listed", f"{path} ")]


def test_every_file_that_is_removed_is_found_and_named(bag: Path) -> None:
    for path, body in tree(bag).items():
        (bag / path).unlink()
        found = faults(bag)
        (bag / path).write_bytes(body)
        assert any(path in where for _, _, where in found), (path, found)
    assert faults(bag) == []


@pytest.mark.parametrize(
    "path",
    [
        "data/x",
        "data/originals/film.mp4",
        "x.txt",
        "audit/more.jsonl",
        "fetch.txt",
        "manifest-md5.txt",
        "audit/proofs/x",
    ],
)
def test_a_file_that_is_added_is_found_and_named(bag: Path, path: str) -> None:
    (bag / path).write_bytes(b"")
    assert any(path in where for _, _, where in faults(bag))


@pytest.mark.parametrize("path", ["data/more.mp4", "more.txt", "audit/proofs/custody-0.tlog-proof"])
def test_a_file_that_is_added_and_listed_is_found(bag: Path, path: str) -> None:
    (bag / path).write_bytes(b"x")
    close_again(bag, payload=True)
    assert faults(bag)


def test_a_link_in_the_place_of_a_file_is_found(bag: Path, tmp_path: Path) -> None:
    (one,) = bag.glob("data/originals/*/*0000*")
    (tmp_path / "elsewhere").write_bytes(one.read_bytes())
    one.unlink()
    one.symlink_to(tmp_path / "elsewhere")
    assert any(code == "bag-no-file" for _, code, _ in faults(bag))


@pytest.mark.parametrize("path", ["audit/policy.txt", "bagit.txt", "manifest-sha256.txt", "data/more"])
def test_a_pipe_or_a_device_is_named_and_never_waited_for(bag: Path, path: str) -> None:
    (bag / path).unlink(missing_ok=True)
    os.mkfifo(bag / path)
    found = faults(bag)
    assert any(path in where or code == "bag-declaration" for _, code, where in found), found
    (bag / path).unlink()
    (bag / path).symlink_to("/dev/zero")
    assert faults(bag)


def test_a_list_that_is_larger_than_it_can_be_is_not_read(bag: Path) -> None:
    os.truncate(bag / "audit/entries.jsonl", 1 << 40)  # a hole: no byte of it is on the disc
    os.truncate(bag / "set.json", 1 << 40)
    (bag / "tagmanifest-sha256.txt").unlink()
    (bag / "tagmanifest-sha512.txt").unlink()
    found = {(code, where.split()[0]) for _, code, where in faults(bag) if where.strip()}
    assert {("too-large", "audit/entries.jsonl"), ("too-large", "set.json")} <= found


def test_a_folder_that_does_not_show_what_is_in_it_is_named(
    bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bag / "data/closed").mkdir()
    (bag / "data/closed/more.mp4").write_bytes(b"x")
    scandir = os.scandir

    def closed(path: str) -> Any:
        if str(path).endswith("closed"):  # root is let in everywhere
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert (1, "unreadable", "data/closed Permission denied") in faults(bag)


@pytest.mark.parametrize(
    ("one", "other"), [("data/a/é.mp4", "data/a/e\u0301.mp4"), ("data/a/Film.MP4", "data/a/film.mp4")]
)
def test_two_names_that_are_one_on_another_system_are_found(bag: Path, one: str, other: str) -> None:
    (bag / "data/a").mkdir()
    (bag / one).write_bytes(b"x")
    (bag / other).write_bytes(b"y")
    close_again(bag, payload=True)
    assert (1, "bag-twice") in {(number, code) for number, code, _ in faults(bag)}


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/passwd",
        "data/../../outside",
        "data//x",
        "data/./x",
        "C:/x",
        "~root/x",
        "data\\..\\x",
    ],
)
def test_a_list_that_leads_out_of_the_bag_is_found_and_nothing_there_is_read(bag: Path, path: str) -> None:
    (bag.parent / "outside").write_bytes(b"x")
    for name, digits in (("manifest-sha256.txt", 64), ("manifest-sha512.txt", 128)):
        with (bag / name).open("a") as file:
            file.write(f"{'0' * digits}  {path}\n")
    close_again(bag)
    found = faults(bag)
    assert (1, "bag-path") in {(number, code) for number, code, _ in found}
    assert not any(code == "changed" and "outside" in where for _, code, where in found)


INFO = (
    ("Bag-Count: 1 of 1\n", "Bag-Count: 1 of 1\nBag-Count: 1 of 2\n"),
    ("Bag-Count: 1 of 1\n", "Bag-Count: 1 of 2\n"),
    ("Bag-Count: 1 of 1\n", ""),
    ("External-Identifier: EXP-", "External-Identifier: EXQ-"),
    ("Bagging-Date: 2", "Bagging-Date: 1"),
    ("Payload-Oxum:", "payload-oxum: 1.1\nPayload-Oxum:"),
    ("Bag-Count:", "  folded onto the line above\nBag-Count:"),
    ("Bag-Count:", "Bagging-Software: something else\nBag-Count:"),
    ("Bag-Count:", "External-Description: \u202egnp.x\nBag-Count:"),
)


@pytest.mark.parametrize(("before", "after"), INFO, ids=[str(number) for number in range(len(INFO))])
def test_what_the_bag_is_called_follows_from_the_set_list(bag: Path, before: str, after: str) -> None:
    file = bag / "bag-info.txt"
    body = file.read_text("utf-8")
    assert before in body
    file.write_text(body.replace(before, after, 1), "utf-8")
    close_again(bag)
    assert {(number, code) for number, code, _ in faults(bag)} == {(7, "bag-info")}


def test_nobody_is_told_to_type_anything_but_the_commands_for_the_parts(bag: Path) -> None:
    evil = {"id": "0" * 32, "posix": "rm -rf ~", "windows": "format c:"}
    rewrite(bag, "set.json", lambda said: {**said, "join": [evil]})
    close_again(bag)
    assert {(number, code) for number, code, _ in faults(bag)} == {(7, "join"), (7, "manifests")}


def test_a_package_under_another_number_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = PackageRoom(tmp_path, sizes=(900, 3))
    append = room.custody.append

    def numbered(act: str, about: Any, **fields: Any) -> int:
        if act == "export.create":
            fields["facts"] = {**fields["facts"], "number": "EXP-2026-000999"}
        return append(act, about, **fields)

    room.custody.append = numbered  # type: ignore[method-assign]
    room.pack()
    assert (7, "manifests") in {(number, code) for number, code, _ in faults(room.bag())}


def test_an_original_exchanged_with_all_manifests_is_found_by_log_and_set_list(bag: Path) -> None:
    (one,) = bag.glob("data/originals/*/*0000*")
    one.write_bytes(b"another film")
    close_again(bag, payload=True)
    assert not [found for found in faults(bag) if found[0] == 1], "to BagIt it is a bag"
    assert {number for number, _, _ in faults(bag)} >= {7}


def test_an_original_exchanged_everywhere_but_in_the_log_is_found_and_named(bag: Path) -> None:
    (one,) = bag.glob("data/originals/*/*0000*")
    one.write_bytes(b"another film")
    made = digested(one.relative_to(bag).as_posix(), b"another film")

    def change(listed: Any) -> Any:
        for item in listed["items"]:
            if item["id"] == one.parent.name:
                item.update(size=made.size_bytes, sha256=made.sha256, sha512=made.sha512, sm3=made.sm3)
                item["places"][0]["size"] = made.size_bytes
        for file in listed["bags"][0]["files"]:
            if file["path"] == made.path:
                file.update(made.plain())
        return listed

    rewrite(bag, "set.json", change)
    close_again(bag, payload=True)
    found = faults(bag)
    assert (7, "manifests") in {(number, code) for number, code, _ in found}
    assert any(code == "not-sealed-so" and one.parent.name in where for _, code, where in found)


def test_any_entry_left_out_everywhere_is_found_by_the_counters(
    room: PackageRoom, bag: Path, tmp_path: Path
) -> None:
    for number, line in enumerate(entry_lines(bag)):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(room.bag(), copy)
        drop(copy, line)
        found = faults(copy)
        act = json.loads(line)["act"]
        expected = {"history", "history-end", "no-export-entry"}
        assert any(number in (6, 7, 8) and code in expected for number, code, _ in found), (act, found)


def test_two_entries_exchanged_are_found(bag: Path) -> None:
    lines = entry_lines(bag)
    lines[2], lines[3] = lines[3], lines[2]
    (bag / "audit/entries.jsonl").write_bytes(b"".join(lines))
    close_again(bag)
    assert any(code == "order" for _, code, _ in faults(bag))


def test_proofs_exchanged_are_found_and_named(bag: Path) -> None:
    one, other = sorted((bag / "audit/proofs").glob("custody-*"))[:2]
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    close_again(bag)
    assert any(code == "proof-file" and one.name in where for _, code, where in faults(bag))


def test_an_entry_rewritten_with_its_proof_leads_nowhere(bag: Path) -> None:
    file = sorted((bag / "audit/proofs").glob("custody-*"))[3]
    proof = TlogProof.parse(file.read_bytes())
    assert proof.extra is not None
    forged = proof.extra.replace(b'"res":"ok"', b'"res":"no"')
    assert forged != proof.extra
    file.write_bytes(TlogProof(proof.index, proof.hashes, proof.checkpoint, forged).write())
    entries = bag / "audit/entries.jsonl"
    entries.write_bytes(entries.read_bytes().replace(proof.extra, forged))
    close_again(bag)
    assert any(code == "proof" and file.name in where for _, code, where in faults(bag))


def test_sm3_sums_of_other_bytes_are_found_and_named(bag: Path) -> None:
    file = bag / "sm3sums.txt"
    body = file.read_bytes()
    file.write_bytes((b"1" if body[:1] == b"0" else b"0") + body[1:])
    close_again(bag)
    assert [(number, code) for number, code, _ in faults(bag)] == [(1, "changed")]
    file.write_bytes(body[body.index(b"\n") + 1 :])
    close_again(bag)
    assert [(number, code) for number, code, _ in faults(bag)] == [(1, "unlisted")]


def test_a_proof_that_carries_another_checkpoint_is_found_and_named(room: PackageRoom, bag: Path) -> None:
    file = sorted((bag / "audit/proofs").glob("custody-*"))[1]
    proof = TlogProof.parse(file.read_bytes())
    other = foreign(bag, room)
    file.write_bytes(TlogProof(proof.index, proof.hashes, other, proof.extra).write())
    close_again(bag)
    assert [(code, file.name in where) for _, code, where in faults(bag)][0] == ("other-checkpoint", True)


def foreign(bag: Path, room: PackageRoom) -> bytes:
    """Return a checkpoint of the same name and size that another key signed over another tree."""
    other = MadeLog("custody", {})
    for _ in room.custody.entries:
        other.append("card.announce", [])
    return other.checkpoint()


def test_a_foreign_checkpoint_is_found_and_named(room: PackageRoom, bag: Path) -> None:
    (bag / "audit/checkpoint").write_bytes(foreign(bag, room))
    close_again(bag)
    found = faults(bag)
    assert any(code == "untrusted" and "audit/checkpoint" in where for _, code, where in found)


def test_a_whole_log_made_anew_is_found_where_the_key_came_from_outside(
    room: PackageRoom, tmp_path: Path
) -> None:
    """Whoever makes everything anew, log and key too, has a package that fits itself, and nothing else."""
    other = PackageRoom(tmp_path, seed=1, sizes=(9_000, 3, 5_001))
    other.pack()
    assert faults(other.bag()) == []
    found = faults(other.bag(), read_trust(room.policy(), ""))
    assert any(code == "untrusted" for _, code, _ in found)
    assert main([str(other.bag()), "--vkey", room.custody.key.vkey.text()]) == 1


def test_a_missing_witness_is_found(room: PackageRoom, tmp_path: Path) -> None:
    alone = PackageRoom(tmp_path, seed=3)
    alone.pack()
    lines = alone.policy().decode().replace("quorum none\n", "")
    trust = f"{lines}witness court {a_witness().vkey.text()}\nquorum court\n".encode()
    assert any(code == "quorum" for _, code, _ in faults(alone.bag(), read_trust(trust, "")))


def disclosed(bag: Path, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    file = bag / "audit/disclosed.jsonl"
    told = [change(json.loads(line)) for line in file.read_bytes().splitlines()]
    file.write_bytes(b"".join(canonical(one) + b"\n" for one in told if one is not None))
    close_again(bag)


def test_a_disclosed_value_that_was_changed_is_found(bag: Path) -> None:
    disclosed(bag, lambda one: {**one, "value": "999999"} if "value" in one else one)
    assert any(number == 5 and code == "field" for number, code, _ in faults(bag))


def test_a_withheld_field_that_is_not_named_is_found(bag: Path) -> None:
    disclosed(bag, lambda one: None if one["state"] == "withheld" else one)
    assert any(number == 5 and code == "field-unnamed" for number, code, _ in faults(bag))


@pytest.mark.parametrize("member", ["export", "items", "bags", "custody", "logs"])
def test_a_figure_of_the_report_that_was_changed_is_found_and_named(bag: Path, member: str) -> None:
    def change(said: Any) -> Any:
        one = said[member]
        one = one[0] if isinstance(one, list) else one
        key = sorted(one)[0]
        one[key] = "other"
        return said

    rewrite(bag, "report/chain-of-custody.json", change)
    close_again(bag)
    assert [(number, code) for number, code, _ in faults(bag)] == [(8, "figures")]
    assert member in faults(bag)[0][2]


def test_a_report_with_more_in_it_than_its_format_has_is_found(bag: Path) -> None:
    rewrite(bag, "report/chain-of-custody.json", lambda said: {**said, "verdict": "guilty"})
    close_again(bag)
    assert [(number, code) for number, code, _ in faults(bag)] == [(8, "figures")]


@pytest.mark.parametrize(("act", "kind"), [("evidence.seal", "recording"), ("derivative.make", "derivative")])
def test_a_file_that_no_entry_vouches_for_is_found_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, kind: str
) -> None:
    append = MadeLog.append

    def forgetful(log: MadeLog, what: str, about: Any, **fields: Any) -> int:
        if what == act:
            fields.pop("ref")
        return append(log, what, about, **fields)

    monkeypatch.setattr(MadeLog, "append", forgetful)
    room = PackageRoom(tmp_path, sizes=(900, 3))
    room.pack()
    found = {
        where.split()[0] for number, code, where in faults(room.bag()) if (number, code) == (7, "no-seal")
    }
    assert found == {id_ for id_, one in room.ids.items() if one == kind}


def test_what_no_log_covers_is_found_by_the_seal_only(room: PackageRoom, bag: Path) -> None:
    seal = room.seal(room.packed)  # type: ignore[attr-defined]
    assert faults(bag, seal=seal) == []
    (bag / "report/chain-of-custody.pdf").write_bytes(PDF.replace(b"test", b"lie!"))
    close_again(bag)
    assert faults(bag) == [], "nothing inside can vouch for it, and the verifier says so"
    assert [(number, code) for number, code, _ in faults(bag, seal=seal)] == [(9, "seal")]


def test_an_older_checkpoint_of_the_court_is_held_against_the_package(room: PackageRoom, bag: Path) -> None:
    older, old = room.before  # type: ignore[attr-defined]
    size = next(
        one
        for one in range(len(room.custody.entries), 0, -1)
        if f"\n{one}\n".encode() in (bag / "audit/checkpoint").read_bytes()
    )
    leaves = [SHA256.leaf(one) for one in room.custody.entries[:size]]
    proof = consistency(old, size, lambda level, at: root_of(leaves[at << level : (at + 1) << level]))
    growth = "".join(f"{write_base64(one)}\n" for one in proof).encode()
    trust = read_trust(room.policy(), "")
    assert faults(bag, trust, older=older, growth=growth) == []
    assert faults(bag, trust, older=older, growth=b"")[0][:2] == (9, "growth")
    assert faults(bag, trust, older=foreign(bag, room), growth=growth)[0][:2] == (9, "untrusted")


def test_a_bag_of_another_set_is_found(room: PackageRoom, bag: Path, tmp_path: Path) -> None:
    other = PackageRoom(tmp_path / "other", seed=9)
    other.pack()
    shutil.copy(other.bag() / "set.json", bag / "set.json")
    close_again(bag)
    assert any(code == "not-in-set" for _, code, _ in faults(bag))


@pytest.mark.parametrize("number", range(4))
def test_an_item_left_out_of_the_lists_is_found_and_named(bag: Path, number: int) -> None:
    gone = json.loads((bag / "set.json").read_bytes())["items"][number]
    for path in ("set.json", "report/chain-of-custody.json"):
        rewrite(
            bag,
            path,
            lambda said: {**said, "items": [one for one in said["items"] if one["id"] != gone["id"]]},
        )
    close_again(bag)
    assert any(
        number == 7 and code == "set-list" and gone["id"] in where for number, code, where in faults(bag)
    )


def test_an_item_left_out_with_its_files_is_found_and_named(bag: Path) -> None:
    """Set list, payload, report: all but the log, which the one who does this cannot sign."""
    gone = json.loads((bag / "set.json").read_bytes())["items"][3]["id"]

    def change(said: Any) -> Any:
        said["items"] = [one for one in said["items"] if one["id"] != gone]
        for one in said["bags"]:
            if "files" in one and isinstance(one["files"], list):
                one["files"] = [file for file in one["files"] if gone not in file["path"]]
        return said

    rewrite(bag, "set.json", change)
    rewrite(bag, "report/chain-of-custody.json", change)
    for file in [path for path in bag.glob("data/**/*") if path.is_file() and gone in str(path)]:
        file.unlink()
    close_again(bag, payload=True)
    found = faults(bag)
    assert any(code == "object-missing" and gone in where for _, code, where in found), found
    assert any(code == "manifests" for _, code, _ in found)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"families": None}, "families"),
        ({"families": ["access"]}, "families"),
        ({"families": ["custody", "other"]}, "families"),
        ({"bags": []}, "manifests"),
        ({"bags": [{"sha256": "0" * 64, "sm3": "0" * 64}]}, "manifests"),
        ({"bags": None}, "manifests"),
        ({"objects": 2}, "object-added"),
        ({"objects": 2}, "history-end"),
    ],
)
def test_an_entry_of_the_export_that_says_something_else_does_not_carry_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: dict[str, Any], code: str
) -> None:
    """Our builder refuses such an entry; here it is made to close its eyes."""
    monkeypatch.setattr("evidence.bundle.audit._verify_complete", lambda *_: None)
    room = PackageRoom(tmp_path, sizes=(900, 3))
    append = room.custody.append

    def spoilt(act: str, about: Any, **fields: Any) -> int:
        if act == "export.create":
            about = about[: spoil.get("objects", len(about))]
            facts = {**fields["facts"], **{key: one for key, one in spoil.items() if key != "objects"}}
            fields["facts"] = {key: one for key, one in facts.items() if one is not None}
        return append(act, about, **fields)

    room.custody.append = spoilt  # type: ignore[method-assign]
    room.pack()
    assert code in {found for _, found, _ in faults(room.bag())}


def shapes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to all values of a JSON document."""
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from shapes(value[key], (*path, key))


@pytest.mark.parametrize("file", ["set.json", "report/chain-of-custody.json"])
def test_json_of_another_shape_is_never_passed_and_never_breaks_the_verifier(bag: Path, file: str) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    chance, body = random.Random(seed), (bag / file).read_bytes()
    paths = [path for path in shapes(json.loads(body)) if path[0] not in ("report", "join", "medium")]
    for path in chance.sample(paths, min(len(paths), PLACES // 8)):
        value = json.loads(body)
        at = value
        for key in path[:-1]:
            at = at[key]
        if at[path[-1]] in (None, {}) or path[-1] == "began":
            continue  # what nothing else says again
        at[path[-1]] = chance.choice([None, [], 7, "x", {"a": 1}, -1])
        (bag / file).write_bytes(canonical(value) + b"\n")
        close_again(bag)
        assert faults(bag), (seed, path)


def test_hostile_names_are_escaped_before_they_are_shown(
    bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bag / "data/\x1b[2J\u202e.mp4").write_bytes(b"")
    assert main([str(bag)]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\\x1b[2J" in said


@pytest.mark.parametrize("words", [["/nowhere"], ["--trust", "/nowhere"], ["--vkey", "x"]])
def test_called_wrongly_it_says_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        (b'{"type":"evidence.log-keys/1"}\n', "不是信任文件", "this is JSON and no trust file"),
        (b"# the city\nlog nonsense\nquorum none\n", "第 2 行", "line 2: 公钥读不出 / not a verifier key"),
        (b"logs x\nquorum none\n", "第 1 行", "unknown word"),
        (b"\xff\n", "不是 UTF-8", "not UTF-8"),
        (b"# nothing\n", "缺少 quorum", "no line `quorum`"),
        (b"group g 2 a\nquorum g\n", "成员未定义", "a member that is not defined"),
    ],
)
def test_what_is_wrong_with_a_trust_file_is_said_in_both_languages(
    raw: bytes, zh: str, en: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trust.txt").write_bytes(raw)
    assert main(["--trust", str(tmp_path / "trust.txt"), str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("信任文件读不出 / trust file not readable: ")
    assert zh in said
    assert en in said


def test_a_folder_that_is_no_bag_fails_in_every_step(tmp_path: Path) -> None:
    steps = examine(str(tmp_path), asked())
    assert [step.result for step in steps] == ["FAIL"] * 9
