"""What a package withholds leaves holes that are counted: none is larger than what is withheld, none smaller.

Both judges are asked, the verifier and the commands typed by hand.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import IntegrityFault
from evidence.ledger.canonical import canonical
from evidence.ledger.encodings import write_base64
from evidence.ledger.merkle import SHA256
from evidence.ledger.tlog_proofs import TlogProof
from evidence.verifier.entries import Gap, unneeded
from evidence.verifier.steps import Asked, examine
from tests.package_room import tree
from tests.verifier.tampering import close_again, rewrite
from tests.verifier.test_two_judges import by_hand
from tests.withholding_room import WithholdingRoom

ENTRIES, STATEMENT = "audit/entries.jsonl", "report/chain-of-custody.json"


def made(place: Path, way: str = "party-copy") -> WithholdingRoom:
    """Two recordings. Of both another export, of the first two more in a row, then the own request."""
    room = WithholdingRoom(place, sizes=(900, 3), with_derivative=False, way=way)
    room.say("export.ask", 0, 1)
    room.custody.append("evidence.verify", [("recording", room.shipment.items[1].id)])
    room.say("export.ask", 0)
    room.say("export.decide", 0)
    room.say("export.ask", 0, 1, other=False)
    room.custody.append("card.announce", [])
    return room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> WithholdingRoom:
    room = made(tmp_path_factory.mktemp("withheld"))
    room.pack()
    return room


@pytest.fixture
def bag(room: WithholdingRoom, tmp_path: Path) -> Path:
    shutil.copytree(room.bag(), tmp_path / room.bag().name)
    return tmp_path / room.bag().name


def by_program(bag: Path) -> set[str]:
    steps = examine(str(bag), Asked(None, None, None, None, {}, lambda _: None))
    return {one.code for step in steps for one in step.faults}


def lines(bag: Path) -> list[Any]:
    return [json.loads(line) for line in (bag / ENTRIES).read_bytes().splitlines()]


def proof_file(bag: Path, leaf: int) -> Path:
    return bag / f"audit/proofs/custody-{leaf}.tlog-proof"


def row(told: list[Any], leaf: int) -> int:
    """Return where in the statement an entry stands."""
    return next(at for at, one in enumerate(told) if one["index"] == leaf)


def withhold(room: WithholdingRoom, bag: Path, leaf: int) -> None:
    """Make an entry one that is withheld, wherever it stands; or add one that is in no history."""
    raw = room.custody.entries[leaf]
    line = {"index": leaf, "leaf": write_base64(SHA256.leaf(raw)), "log": room.custody.origin}
    body = canonical({**line, "withheld": True})
    some = [TlogProof.parse(file.read_bytes()) for file in (bag / "audit/proofs").iterdir()]
    proof = TlogProof.parse(room.custody.prove(leaf, some[0].checkpoint))
    file = proof_file(bag, leaf)
    file.write_bytes(TlogProof(leaf, proof.hashes, proof.checkpoint).write())
    known = {one.index: one.extra for one in some}
    kept = [one for one in (bag / ENTRIES).read_bytes().splitlines() if one != raw]
    leaves = {extra: index for index, extra in known.items() if extra}
    place = {one: leaves.get(one, json.loads(one).get("index")) for one in [*kept, body]}
    (bag / ENTRIES).write_bytes(b"".join(one + b"\n" for one in sorted(place, key=lambda one: place[one])))
    shown = (bag / "audit/disclosed.jsonl").read_bytes().splitlines(keepends=True)
    kept = [one for one in shown if json.loads(one)["index"] != leaf]
    (bag / "audit/disclosed.jsonl").write_bytes(b"".join(kept))

    def change(said: Any) -> Any:
        rows = [one for one in said["custody"] if one["index"] != leaf]
        rows.append({"index": leaf, "log": room.custody.origin, "withheld": True})
        return {**said, "custody": sorted(rows, key=lambda one: one["index"])}

    rewrite(bag, STATEMENT, change)
    close_again(bag)


def drop(bag: Path, leaf: int) -> None:
    """Leave a withheld entry out, wherever it stands."""
    kept = [one for one in lines(bag) if one.get("index") != leaf]
    (bag / ENTRIES).write_bytes(b"".join(canonical(one) + b"\n" for one in kept))
    proof_file(bag, leaf).unlink()
    rewrite(
        bag,
        STATEMENT,
        lambda said: {**said, "custody": [one for one in said["custody"] if one["index"] != leaf]},
    )
    close_again(bag)


def gone(bag: Path) -> list[int]:
    return [one["index"] for one in lines(bag) if one.get("withheld")]


def leaf_of(room: WithholdingRoom, act: str, number: int = 0) -> int:
    """Return where the first entry of an act about a recording stands."""
    id_ = room.shipment.items[number].id.encode()
    wanted = f'"act":"{act}"'.encode()
    return next(at for at, raw in enumerate(room.custody.entries) if wanted in raw and id_ in raw)


def test_what_is_withheld_is_counted_and_both_judges_pass(room: WithholdingRoom, bag: Path) -> None:
    assert (by_program(bag), by_hand(bag)) == (set(), [])
    steps = examine(str(bag), Asked(None, None, None, None, {}, lambda _: None))
    assert steps[5].notes[1:] == ["entries withheld: 3", "withheld-others"]
    for leaf in gone(bag):
        entry = json.loads(room.custody.entries[leaf])
        secret = [entry["id"], entry["salt"], entry["obj"][0]["id"]]
        for path, body in tree(bag).items():
            proof = TlogProof.parse(body).extra or b"" if path.endswith("-proof") else b""
            assert not [one for one in secret if one.encode() in body + proof], path


@pytest.mark.parametrize("which", range(3))
def test_a_withheld_entry_that_is_dropped_is_missed(bag: Path, which: int) -> None:
    drop(bag, gone(bag)[which])
    assert "history" in by_program(bag)
    assert any("left out before" in one for one in by_hand(bag))


def test_a_withheld_entry_in_the_place_of_another_is_found(room: WithholdingRoom, bag: Path) -> None:
    first, *_ = gone(bag)
    drop(bag, first)
    withhold(room, bag, first - 1)
    assert {"history", "withheld-unneeded"} & by_program(bag)
    assert by_hand(bag)


@pytest.mark.parametrize("act", ["card.announce", "upload.create", "export.create"])
def test_a_leaf_that_no_history_needs_is_found(room: WithholdingRoom, bag: Path, act: str) -> None:
    """Noise of the log; the first entry of a history; the one that must end all of them."""
    wanted = f'"act":"{act}"'.encode()
    withhold(room, bag, max(at for at, raw in enumerate(room.custody.entries) if wanted in raw))
    assert {"withheld-unneeded", "history", "no-export-entry"} & by_program(bag)
    assert by_hand(bag)


def test_one_more_than_a_hole_has_room_for_is_found(room: WithholdingRoom, bag: Path) -> None:
    """Inside a hole of two stands an entry about something else: it is not what is missing."""
    withhold(room, bag, leaf_of(room, "evidence.verify", 1))
    assert (by_program(bag), by_hand(bag)) == (set(), []), "where it is missing, counts allow it: threats.md"
    other = made(bag.parent / "other")
    noise = other.custody.append("card.announce", [])
    other.say("export.ask", 0)
    other.custody.append("evidence.verify", [("recording", other.shipment.items[0].id)])
    other.pack()
    assert (by_program(other.bag()), by_hand(other.bag())) == (set(), [])
    withhold(other, other.bag(), noise)
    assert by_program(other.bag()) == {"withheld-unneeded"}
    assert any("no history has a place for it" in one for one in by_hand(other.bag()))


def test_another_hash_under_a_withheld_place_leads_nowhere(bag: Path) -> None:
    changed = [{**one, "leaf": write_base64(b"x" * 32)} if "withheld" in one else one for one in lines(bag)]
    (bag / ENTRIES).write_bytes(b"".join(canonical(one) + b"\n" for one in changed))
    close_again(bag)
    assert "proof" in by_program(bag)
    assert by_hand(bag)


@pytest.mark.parametrize(
    "change", [{"withheld": False}, {"index": -1}, {"leaf": "AAAA"}, {"leaf": 7}, {"log": None}, {"t": "x"}]
)
def test_a_withheld_line_of_another_form_is_refused(bag: Path, change: dict[str, Any]) -> None:
    changed = [{**one, **change} if "withheld" in one else one for one in lines(bag)]
    (bag / ENTRIES).write_bytes(b"".join(canonical(one) + b"\n" for one in changed))
    close_again(bag)
    assert by_program(bag)
    assert by_hand(bag)


def test_the_own_request_may_not_be_withheld(room: WithholdingRoom, bag: Path) -> None:
    own = max(at for at, raw in enumerate(room.custody.entries) if b'"act":"export.ask"' in raw)
    withhold(room, bag, own)
    assert "withheld-transfer" in by_program(bag)
    assert any("this is a transfer" in one for one in by_hand(bag))


def test_a_transfer_withholds_nothing_nor_does_our_builder_make_such_a_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = made(tmp_path, "transfer")
    with pytest.raises(IntegrityFault) as told:
        room.pack()
    assert told.value.fields["reason"] == "withheld from whom all is told"
    assert not room.bag().exists()
    monkeypatch.setattr("evidence.bundle.audit._may_withhold", lambda *_: True)
    room.pack()
    assert by_program(room.bag()) == {"withheld-transfer"}
    assert any("this is a transfer" in one for one in by_hand(room.bag()))


def test_holes_that_cross_share_what_is_withheld() -> None:
    """Whatever order they come in, each leaf finds the hole that has room for it."""
    gaps = [Gap("l", 0, 9, 2), Gap("l", 0, 5, 2), Gap("l", 6, 9, 1)]
    leaves = {("l", 5), ("l", 9)}
    assert unneeded(gaps, leaves) == []
    assert unneeded(gaps, leaves | {("l", 3), ("l", 4)}) == []
    assert unneeded(gaps, leaves | {("l", 3), ("l", 7)}) == []
    assert unneeded(gaps, leaves | {("l", 3), ("l", 4), ("l", 7)}) == [("l", 7)]
    assert unneeded([gaps[2]], leaves) == [("l", 5)]
