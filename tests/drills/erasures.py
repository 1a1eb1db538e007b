"""Tamperings that leave nothing to look at: a recording with all that is in the vault, a log, a hold, an
edited row of which no manifest speaks. See tampers.py."""

from __future__ import annotations

from evidence.domain.access import Caller, Grant
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind, Role
from evidence.service.keeping.holds import Holds
from tests import inside, tampering
from tests.drills.scene import Found, Pattern, Scene, application, scene

CUSTODIAN = Caller(
    "c" * 32, Kind.PERSON, "c", grants=(Grant(Role.CUSTODIAN),), person_type=PersonType.OFFICER
)


def erased_recording(pattern: Pattern) -> list[Found]:
    """Row, original and manifest."""
    with scene(pattern, "T21") as at:
        recording = pattern.recordings[0]
        at.administer("DELETE FROM standing WHERE recording_id = :id", id=recording)
        at.administer("DELETE FROM recording WHERE id = :id", id=recording)
        tampering.remove_all(at.data, f"recordings/{recording}/")
        at.done()
        return at.fsck()


def erased_log(pattern: Pattern) -> list[Found]:
    """The log of access of a year: the service stands still, so that nothing is written behind it."""
    with scene(pattern, "T22", runs=False) as at:
        at.administer("DELETE FROM audit_about WHERE family = 'access'")
        at.administer("DELETE FROM audit_entry WHERE log LIKE 'access/%'")
        at.done()
        return at.fsck()


def edited_end(pattern: Pattern) -> list[Found]:
    """When a recording ended stands in no manifest, and its deadline is judged by it."""
    with scene(pattern, "T23") as at:
        sql = "UPDATE recording SET ended_at = '2026-01-01T00:00:00.000000Z' WHERE id = :id"
        at.administer(sql, id=pattern.recordings[0])
        at.done()
        return at.fsck()


def lifted_hold(pattern: Pattern) -> list[Found]:
    """In the row, with the triggers at work; the vault follows the row."""
    with scene(pattern, "T11d", runs=False) as at:
        _hold(at)
        inside.change(at.data, "UPDATE hold SET released_at = placed_at, settled = :no", no=False)
        inside.change(at.data, "UPDATE standing SET on_hold = :no", no=False)
        with application(at.data) as opened:
            Holds(opened.site).settle_all()
        at.done()
        return at.fsck()


def removed_hold(pattern: Pattern) -> list[Found]:
    """In the vault: the lock records that hold original and manifest."""
    with scene(pattern, "T11e", runs=False) as at:
        _hold(at)
        for part in ("data", "manifest.json"):
            name = f"recordings/{pattern.recordings[0]}/{part}~lock.000002.json"
            tampering.remove(at.data, name)
        at.done()
        return at.fsck()


def _hold(at: Scene) -> None:
    with application(at.data) as opened:
        Holds(opened.site).place(CUSTODIAN, at.pattern.recordings[0], "objection", "当事人投诉")
