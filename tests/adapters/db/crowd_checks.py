"""What SQL says of a crowd, held against what was drawn and against the policy."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from evidence.adapters.db.people_tables import standing
from evidence.adapters.db.repositories.grants import SqlGrants
from evidence.adapters.db.repositories.standings import SqlStandings, within
from evidence.adapters.db.tables import recording
from evidence.domain.access import Caller, Why, denial, reach
from evidence.domain.rights import ABOUT_RECORDINGS, Action, Kind
from tests.adapters.db.crowd import START, Crowd
from tests.domain.lots import EVERY_BAR

SOON = {Why.UNDER_TRANSFER, Why.ON_HOLD, Why.PURPOSE_NEEDED}  # a list shows these: it exists for the caller


def listed(db: Connection, caller: Caller, action: Action) -> set[str]:
    """The recordings that a list for this action shows."""
    joined = select(recording.c.id).join(standing, standing.c.recording_id == recording.c.id, isouter=True)
    return set(db.execute(joined.where(within(reach(caller, action, EVERY_BAR), START))).scalars())


def check_callers(crowd: Crowd) -> None:
    """People are the callers that was drawn of them."""
    grants = SqlGrants(crowd.db)
    for one, drawn in crowd.callers.items():
        found = grants.caller(one, START)
        assert (found is None) == (drawn is None), one
        if found is not None and drawn is not None:
            assert sorted(found.grants, key=repr) == sorted(drawn.grants, key=repr)
            assert (found.id, found.kind, found.person_type) == (one, Kind.PERSON, drawn.person_type)
            assert (found.path, found.emergencies) == (drawn.path, drawn.emergencies)
    assert grants.caller("0" * 32, START) is None


def check_standings(crowd: Crowd) -> None:
    """Recordings stand as it was drawn of them."""
    assert dict(SqlStandings(crowd.db).some(list(crowd.standings), START)) == crowd.standings


def check_lists(crowd: Crowd) -> int:
    """Each list holds what the policy admits one by one; return how many pairs were compared."""
    pairs = shown = 0
    others = [Caller("t", Kind.INTEGRATION, scopes=frozenset(Action)), Caller("operator", Kind.OPERATOR)]
    with pytest.raises(ValueError, match="moment"):
        within(reach(others[-1], Action.PLAY, EVERY_BAR), None)
    for caller in [*filter(None, crowd.callers.values()), *others, Caller("d", Kind.DOCK)]:
        for action in crowd.lots.some(sorted(ABOUT_RECORDINGS), 0.4):
            single = {
                one
                for one, stands in crowd.standings.items()
                if (denied := denial(caller, action, stands, EVERY_BAR)) is None or denied.why in SOON
            }
            assert listed(crowd.db, caller, action) == single, (caller, action)
            pairs, shown = pairs + len(crowd.standings), shown + len(single)
    assert 0 < shown < pairs
    return pairs
