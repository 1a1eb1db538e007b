"""The trust file that a site with witnesses hands out: its own, with the keys that came since."""

from __future__ import annotations

from pathlib import Path

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
