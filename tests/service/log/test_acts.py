"""Every act stands in the log once, in the transaction of the act; without its entry there is no act."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from evidence.adapters.db.repositories.log import SqlLog
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.rights import Kind
from evidence.errors import Refused
from evidence.service.examining.fixity import Fixity
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.reports import Reports
from tests import inside
from tests.builders import SITE, SmallSite, an_origin

BODY = b"no media at all"


def acts(small: SmallSite, after: int = 0) -> Counter[str]:
    return Counter(json.loads(body)["act"] for body in small.log()[after:])


def sealed(small: SmallSite) -> str:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    return upload.id


def test_a_whole_journey_is_in_the_log_act_by_act(small: SmallSite) -> None:
    origin = an_origin(size_bytes=len(BODY))
    small.accounts.open_site()
    small.cards.announce(small.dock, an_origin(), [origin, an_origin("missing.mp4", size_bytes=9)])
    recording = sealed(small)
    small.recordings.open_original(small.administrator, recording)[1].close()
    small.recordings.manifest(small.administrator, recording)
    assert len(list(Fixity(small.site).verify_all(small.administrator))) == 1
    small.send(origin, BODY)  # the same again
    other = small.send(an_origin(size_bytes=3), b"xyz")  # the same name, other bytes
    given_up = small.uploads.create(small.dock, an_origin("b.mp4", size_bytes=5), None)
    small.uploads.terminate(small.dock, given_up.id)
    small.uploads.create(small.dock, an_origin("c.mp4", size_bytes=5), None)
    small.do_jobs()
    small.clock.pass_by(timedelta(days=8))
    small.work.sweep()
    small.accounts.revoke_dock(small.administrator, small.dock.id)
    with pytest.raises(Refused):
        small.uploads.status(Caller("f" * 32, Kind.ANYONE), other.id)
    assert acts(small) == {
        Act.INIT: 1,
        Act.LINK_MAKE: 1,
        Act.DOCK_ADD: 1,
        Act.CARD_ANNOUNCE: 1,
        Act.UPLOAD_CREATE: 5,
        Act.UPLOAD_COMPLETE: 3,
        Act.SEAL: 1,
        Act.EXAMINE: 3,  # index, sequence, deep
        Act.READ_ORIGINAL: 1,
        Act.READ_MANIFEST: 1,
        Act.VERIFY: 1,
        Act.UPLOAD_REPEAT: 1,
        Act.UPLOAD_REFUSE: 1,
        Act.UPLOAD_TERMINATE: 1,
        Act.UPLOAD_EXPIRE: 1,
        Act.DEADLINE_NOTICE: 1,
        Act.DOCK_REVOKE: 1,
        Act.DENIED: 1,
    }


def test_reads_stand_in_the_log_of_access_and_acts_in_the_log_of_custody(small: SmallSite) -> None:
    recording = sealed(small)
    small.recordings.open_original(small.administrator, recording)[1].close()
    with small.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT act, log FROM audit_entry").all()
    logs = {str(act): str(log) for act, log in rows}
    assert logs["evidence.read"] == "access/2026"
    assert logs["evidence.seal"] == logs["upload.create"] == logs["evidence.examine"] == "custody"


def test_the_place_in_the_receipt_is_that_of_the_seals_entry(small: SmallSite) -> None:
    recording = sealed(small)
    said = json.loads(small.recordings.receipt(small.dock, recording))["signed"]
    assert said["log"] == f"{SITE}/custody"
    sql = "SELECT body FROM audit_entry WHERE log = 'custody' AND idx = :idx"
    ((body,),) = inside.rows(small.folder, sql, idx=said["log_index"])
    entry = json.loads(body)
    about = {"id": recording, "k": "recording", "n": 3, "prev": said["log_index"] - 1}
    assert (entry["act"], entry["log"], entry["obj"]) == ("evidence.seal", said["log"], [about])
    assert entry["ref"] == {key: said[key] for key in ("sha256", "size", "sm3")}
    assert entry["facts"].keys() == {"manifest_sha256", "policy"}


def announce(small: SmallSite) -> object:
    return small.cards.announce(small.dock, an_origin(), [an_origin("new.mp4", size_bytes=3)])


def create(small: SmallSite) -> object:
    return small.uploads.create(small.dock, an_origin("new.mp4", size_bytes=3), None)


def add_dock(small: SmallSite) -> object:
    return small.accounts.add_dock(small.administrator, "another")


def revoke(small: SmallSite) -> object:
    return small.accounts.revoke_dock(small.administrator, small.dock.id)


def verify(small: SmallSite) -> object:
    return list(Fixity(small.site).verify_all(small.administrator))


def read(small: SmallSite) -> object:
    return small.recordings.open_original(small.administrator, _recording(small))


def read_manifest(small: SmallSite) -> object:
    return small.recordings.manifest(small.administrator, _recording(small))


def list_recordings(small: SmallSite) -> object:
    return small.recordings.list(small.administrator)


def list_deadlines(small: SmallSite) -> object:
    return Deadlines(small.site).list(small.administrator)


def read_gaps(small: SmallSite) -> object:
    return Reports(small.site).gaps(small.administrator)


def sweep(small: SmallSite) -> object:
    return small.work.sweep()


def _recording(small: SmallSite) -> str:
    with small.database.reading() as unit:
        return next(unit.recordings.all()).recording.id


@pytest.mark.parametrize(
    "act",
    [
        announce,
        create,
        add_dock,
        revoke,
        verify,
        read,
        read_manifest,
        list_recordings,
        list_deadlines,
        read_gaps,
        sweep,
    ],
    ids=lambda act: act.__name__,
)
def test_an_act_whose_entry_fails_does_not_happen(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, act: Callable[[SmallSite], object]
) -> None:
    sealed(small)
    small.uploads.create(small.dock, an_origin("stale.mp4", size_bytes=5), None)
    small.cards.announce(small.dock, an_origin(), [an_origin("missing.mp4", size_bytes=9)])
    small.clock.pass_by(timedelta(days=8))

    def broken(*_: object) -> object:
        raise OSError("the log cannot be written")

    before = inside.tables(small.folder)
    monkeypatch.setattr(SqlLog, "append_all", broken)
    with pytest.raises(OSError, match="log"):
        act(small)
    monkeypatch.undo()
    assert inside.tables(small.folder) == before
    act(small)
    assert inside.tables(small.folder) != before, "the same act with its entry"
