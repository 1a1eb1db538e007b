"""What somebody outside kept contradicts a rewritten log, an older one, another's view; and no honest one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.merkle import SHA256, root_of
from tests.builders import SITE
from tests.chains import leaves_of
from tests.drills import tampering_table, tampers
from tests.drills.outsiders import contradiction
from tests.drills.scene import Found, Pattern
from tests.log_room import LogRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    room = LogRoom(tmp_path)
    room.seal()
    yield room
    room.close()


def test_a_kept_checkpoint_agrees_with_what_grew_out_of_it_and_with_nothing_else(room: LogRoom) -> None:
    kept = room.publish()
    room.seal("b.mp4")
    now = room.publish()
    entries = leaves_of(room.small.database)[f"{SITE}/custody"]
    assert contradiction(kept, now, entries) is None
    assert contradiction(kept, kept, entries) is None
    assert contradiction(now, kept, entries) == "log-shrank"
    rewritten = [entries[0].replace(b'"res":"ok"', b'"res":"no"'), *entries[1:]]
    forged = Checkpoint(now.origin, now.size, root_of(map(SHA256.leaf, rewritten)))
    assert contradiction(kept, forged, rewritten) == "proof-wrong"
    assert contradiction(now, forged, rewritten) == "two-roots"


def test_the_signers_last_word_is_a_checkpoint_to_keep(room: LogRoom) -> None:
    kept = room.publish()
    assert Checkpoint.parse(notes.parse(room.line.last("custody")).text) == kept


@pytest.mark.parametrize(
    ("found", "says", "good"),
    [
        ([], "NOT FOUND", False),
        ([Found("hourly check", "tile-wrong", "x", 1.0)], "NOT FOUND (tile-wrong)", False),
        ([Found("hourly check", "row-altered", "x", 1.0)], "found", True),
        ([Found("hourly check", "row-altered", "x", 3601.0)], "LATE (row-altered)", False),
    ],
)
def test_the_table_calls_found_only_what_was_named_in_time(
    tmp_path: Path, found: list[Found], says: str, good: bool
) -> None:
    tamper = tampers.Tamper("T99", "made up", frozenset({"row-altered"}), 3600.0, lambda _: found)
    line, verdict = tampering_table.judged(tamper, Pattern(tmp_path))
    assert verdict is good
    assert line.endswith(says)


def test_what_only_an_outsider_can_find_may_not_be_claimed_by_the_site(tmp_path: Path) -> None:
    found = [Found("hourly check", "root-differs", "x", 1.0), Found("dock's proof", "two-roots", "x", 1.0)]
    tamper = tampers.Tamper("T17", "made up", frozenset({"two-roots"}), 3600.0, lambda _: found)
    line, good = tampering_table.judged(tamper, Pattern(tmp_path))
    assert not good
    assert "DOCUMENTS WRONG" in line


def test_every_drill_of_the_list_is_done_or_said_not_to_be() -> None:
    done = {one.name[:3] for one in tampers.TAMPERS} | {name[:3] for name in tampers.NOT_SHOWN}
    assert done == {f"T{number:02d}" for number in range(1, 24)}
