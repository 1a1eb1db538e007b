"""What was made from originals comes back with the catalogue: its rows, its bytes, and what was still to be
made.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evidence.domain.derivatives import Operation, State
from evidence.domain.orders import Order
from evidence.service.court.derivatives import Derivatives
from evidence.service.jobs import JobName
from tests.builders import SITE, an_origin
from tests.clips import clip
from tests.log_room import OPERATOR, LogRoom
from tests.rebuilding_room import lose_database, reopen, restore

CLIP = Order(Operation.CLIP, "给某律师", "申请复制", 0, 1000)


def test_rows_and_bytes_come_back_and_a_proxy_that_was_not_made_is_made_then(tmp_path: Path) -> None:
    room = LogRoom(tmp_path, embedded=True)
    (room.folder / "site.toml").write_text(f'name = "{SITE}"\npolicy = "dazhe-2020"\n', "utf-8")
    small = room.small
    ids = [
        small.send(an_origin(name, size_bytes=len(clip("avi"))), clip("avi")).id
        for name in ("a.avi", "b.avi")
    ]
    while small.work.do_next("tester", [one for one in JobName if one is not JobName.DERIVE]):
        pass
    desk = Derivatives(small.site)
    desk.make(OPERATOR, ids[0], CLIP)
    assert small.work.do_next("tester", [JobName.DERIVE])
    assert small.work.do_next("tester", [JobName.DERIVE])
    assert small.work.do_next("tester", [JobName.DERIVE])
    late = desk.make(OPERATOR, ids[0], replace(CLIP, title="其二"))
    with small.database.writing() as unit:
        unit.jobs.put_back(small.clock.now(), everything=True)
    before = {one.id: one for recording in ids for one in desk.of(OPERATOR, recording).derivatives}
    room.publish()
    lose_database(room)
    report = restore(room)
    assert report.faults == []
    reopen(room)
    desk = Derivatives(room.small.site)
    found = {one.id: one for recording in ids for one in desk.of(OPERATOR, recording).derivatives}
    assert found == {id_: replace(one, words={}) for id_, one in before.items()}
    for one in found.values():
        if one.output is not None:
            assert room.small.vault.stat(one.output.key).sha256 == one.output.digests.sha256
    room.small.do_jobs()
    (asked,) = [one for one in desk.of(OPERATOR, ids[0]).derivatives if one.id == late.id]
    assert (asked.state, asked.problem) == (State.FAILED, "words-lost"), "nobody knows any more for whom"
    assert room.found() == set()
