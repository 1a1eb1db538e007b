"""What does not exist for somebody is refused like what does not exist: same words, same traces (A04)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.domain.access import Caller, Grant
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Kind, Role
from evidence.errors import NotFound
from evidence.service.oversight.admission import admit_to_recording
from tests.builders import SmallSite, an_origin

HEAD = Caller(
    new_id(), Kind.PERSON, "1", (Grant(Role.UNIT_HEAD, f"/{new_id()}/"),), PersonType.OFFICER
)  # of a unit that has recorded nothing
OPERATOR = Caller("operator", Kind.OPERATOR)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


@pytest.fixture
def sealed(small: SmallSite) -> str:
    upload = small.send(an_origin(size_bytes=3), b"abc")
    small.do_jobs()
    recording_id = small.uploads.status(small.dock, upload.id).recording_id
    assert recording_id is not None
    return recording_id


def refusal(small: SmallSite, caller: Caller, recording_id: str) -> tuple[str, object, list[object]]:
    """Ask for a recording; return what was told and what was logged, the id put out of both."""
    before = len(small.log())
    with pytest.raises(NotFound) as told:
        admit_to_recording(small.site, caller, Action.READ_MANIFEST, recording_id)
    new = [json.loads(body.decode().replace(recording_id, "ID")) for body in small.log()[before:]]
    kept = [{key: entry[key] for key in ("act", "actor", "facts", "result") if key in entry} for entry in new]
    return told.value.code, {**told.value.fields, "recording": "ID"}, kept


def test_a_foreign_recording_and_none_at_all_are_told_and_logged_alike(small: SmallSite, sealed: str) -> None:
    foreign, absent = refusal(small, HEAD, sealed), refusal(small, HEAD, new_id())
    assert foreign == absent
    (entry,) = foreign[2]
    assert isinstance(entry, dict)
    assert entry["act"] == "access.denied"


def test_who_may_see_everything_is_not_denied_what_is_not_there(small: SmallSite, sealed: str) -> None:
    assert admit_to_recording(small.site, OPERATOR, Action.READ_MANIFEST, sealed).recording.id == sealed
    assert refusal(small, OPERATOR, new_id())[2] == []


@pytest.mark.parametrize("text", ["", "x", "0" * 31, "0" * 33, "A" * 32, "../" * 10, "é" * 32])
def test_what_is_no_id_is_not_found_and_not_looked_for(small: SmallSite, text: str) -> None:
    assert small.dock
    before = len(small.log())
    with pytest.raises(NotFound):
        admit_to_recording(small.site, HEAD, Action.READ_MANIFEST, text)
    assert len(small.log()) == before
