"""Keeping over HTTP: why a recording is kept, and what another policy pack would change."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query

from evidence.answers.keeping import touched_out, why_out
from evidence.answers.things import named_out, things_known, things_of_rules
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Known, NotFound
from evidence.local import shipped_packs
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["keeping"])

_MOST = 5000


@router.get("/recordings/{recording_id}/keeping")
def keeping(recording_id: str, app: App, caller: Caller = admitted(Action.HOLD)) -> dict[str, Any]:
    """Return what keeps a recording, and until when."""
    found = app.keeping.why(caller, recording_id)
    known = things_known(app.site, caller, things_of_rules(found.rules))
    return {**why_out(found), "named": named_out(known)}


@router.get("/retention/dry-run/{policy}")
def dry_run(
    policy: str,
    app: App,
    skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = _MOST,
    caller: Caller = admitted(Action.HOLD),
) -> list[dict[str, Any]]:
    """List recordings whose dates a pack that ships with this version would touch, in the order of their
    seals, from some place on; nothing changes.
    """
    packs = shipped_packs().get(policy)
    if packs is None:
        raise NotFound("policy-not-found", name=policy, known=Known(shipped_packs()))
    found = app.pack_changes.try_dry(caller, packs)
    return [touched_out(one) for one in islice(found, skip, skip + limit)]


@router.post("/retention/apply")
def apply(app: App, caller: Caller = admitted(Action.HOLD)) -> list[dict[str, Any]]:
    """Move the locks that the pack in force asks for, and list what it touches."""
    return [touched_out(one) for one in app.pack_changes.apply(caller)]
