"""The trust file that a site with witnesses hands out: its own, with the keys that came since."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.errors import IntegrityFault
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from evidence.service.log.log_keys import Reason
from evidence.service.log.trust_files import trust_text
from tests.log_room import OPERATOR, LogRoom
from tests.package_room import a_witness


def test_to_ones_own_file_is_added_what_came_since_and_what_was_taken_out_stays_out(tmp_path: Path) -> None:
    room = LogRoom(tmp_path)
    room.seal()
    room.publish()
    site = room.small.site
    with site.database.reading() as unit:
        logs = {log: list(unit.tree.keys(log)) for log in unit.tree.logs()}
    old = logs["custody"][0]
    court = f"witness court {a_witness().vkey.text()}\nquorum court\n"
    room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED)
    with site.database.reading() as unit:
        new = unit.tree.keys("custody")[-1]
        said = trust_text(unit, f"log {old}\n{court}".encode())
        again = trust_text(unit, f"log {new}\n{court}".encode())
    others = {vkey for log, vkeys in logs.items() if log != "custody" for vkey in vkeys}
    assert {key.text() for key in Trust.parse(said).logs} == {old, new, *others}
    assert {key.text() for key in Trust.parse(again).logs} == {new, *others}
    assert Trust.parse(again).quorum == "court"
    room.close()


@pytest.mark.parametrize(("reason", "since"), [(Reason.LOST, None), (Reason.STOLEN, "2026-03-01")])
def test_a_key_that_was_given_up_is_told_as_such_and_nobody_is_told_to_trust_it(
    room: LogRoom, reason: Reason, since: str | None
) -> None:
    (old,) = keys_of(room, "custody")
    planned = room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED)
    proof = TlogProof.parse(room.proving.of_place(OPERATOR, "custody", 1))
    room.log_keys.rotate(OPERATOR, "custody", reason, since)
    last = room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED)
    new = keys_of(room, "custody")[2]
    others = [vkey for vkey in list(room.proving.keys()) if "/access/" in vkey]
    mark = f"# {reason}{since and f' {since}' or ''}, only for what was handed over before: "
    told = room.proving.trusted().decode()
    assert [key.text() for key in Trust.parse(told.encode()).logs] == [*others, new, last]
    assert [line for line in told.splitlines() if line.startswith(mark)] == [
        f"{mark}log {old}",
        f"{mark}log {planned}",
    ]
    listed = room.proving.told_keys()
    assert sorted(listed) == sorted([*others, f"{mark}{old}", f"{mark}{planned}", new, last])
    # Who was handed something before takes the line in, and what the key signed then is verified.
    entry = proof.extra or b""
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        proof.verify(entry, Trust.parse(told.encode()), NOTE_CHECKS)
    proof.verify(entry, Trust.parse(told.replace(mark, "").encode()), NOTE_CHECKS)
    assert set(room.proving.keys()) == {old, planned, new, last, *others}  # to docks, for what they have


def test_a_key_that_was_given_up_is_marked_in_ones_own_file_too(room: LogRoom) -> None:
    (old,) = keys_of(room, "custody")
    room.log_keys.rotate(OPERATOR, "custody", Reason.STOLEN)
    new = keys_of(room, "custody")[1]
    court = f"witness court {a_witness().vkey.text()}\nquorum court\n"
    own = f"# ours\n  log\t{old} https://police.example\n{court}"
    with room.small.site.database.reading() as unit:
        told = trust_text(unit, own.encode())
    trust = Trust.parse(told)
    assert [key.text() for key in trust.logs if key.text() in (old, new)] == [new]
    assert trust.quorum == "court"
    assert told.startswith(b"# ours\n# stolen, only for what was handed over before:   log\t")


def test_what_somebody_wrote_into_the_log_makes_no_line_of_the_trust_file(room: LogRoom) -> None:
    (old,) = keys_of(room, "custody")
    room.log_keys.rotate(OPERATOR, "custody", Reason.STOLEN, "2026\nquorum none")
    told = room.proving.trusted().decode()
    assert f"# given up, only for what was handed over before: log {old}\n" in told
    assert Trust.parse(told.encode()).quorum == "none"


def test_of_keys_that_one_act_gave_a_log_the_last_one_is_good(room: LogRoom) -> None:
    """The catalogue has them of one moment, in whatever order."""
    for _ in range(4):
        forgotten = room.line.rotate("custody")  # the service died before it was logged
        new = room.log_keys.rotate(OPERATOR, "custody", Reason.STOLEN)
        good = [vkey for vkey in room.proving.told_keys() if "/custody+" in vkey and "#" not in vkey]
        assert good == [new] != [forgotten]


def keys_of(room: LogRoom, log: str) -> list[str]:
    """Return the keys of a log, oldest first."""
    with room.small.site.database.reading() as unit:
        return list(unit.tree.keys(log))
