"""The board, first room of the supervisor; and the list of each tile."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.domain.steps import StepState
from evidence.domain.wording import printable
from evidence.errors import NotFound
from evidence.service.gaps.supervision import USUAL_DAYS
from evidence.service.oversight.watch_lists import MOST, Watch
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.turning import page_of

router = APIRouter(tags=["pages"], include_in_schema=False)

DAYS = (7, 14, 30)
GROUPS: Mapping[str, tuple[Watch, ...]] = {
    "decide": (
        Watch.AWAITING,
        Watch.EXEMPTIONS,
        Watch.FAULTS,
        Watch.COMPLAINTS,
        Watch.SAMPLES,
        Watch.EXPORTS,
    ),
    "missing": (
        *(Watch.UNEXPLAINED, Watch.SENT_BACK),
        *(Watch.OVERDUE, Watch.DUE_SOON, Watch.LATE, Watch.UNLABELLED),
    ),
    "hear": (Watch.DENIED, Watch.UNCHECKED, Watch.NOTICES),
}
# Where the list of each is; all others are lists of their own here.
ELSEWHERE: Mapping[Watch, str] = {
    Watch.AWAITING: "/review",
    Watch.COMPLAINTS: "/complaints",
    Watch.FAULTS: "/faults",
    Watch.EXPORTS: "/custody/exports/waiting",
}
# Of which only some days are looked at.
DATED = (Watch.UNEXPLAINED, Watch.LATE, Watch.UNLABELLED, Watch.DENIED, Watch.NOTICES)
_TONES: Mapping[Watch, str] = {
    Watch.UNEXPLAINED: "bad",
    Watch.OVERDUE: "bad",
    Watch.LATE: "bad",
    Watch.DENIED: "bad",
    Watch.NOTICES: "none",
}
STEP_TONES: Mapping[StepState, str] = {
    StepState.RED: "bad",
    StepState.DUE: "wait",
    StepState.PARTLY: "wait",
    StepState.EXEMPT: "none",
    StepState.COVERED: "good",
}


@router.get("/board")
def board(
    request: Request, app: App, days: str = "", caller: Caller = admitted(Action.REVIEW_GAPS)
) -> Response:
    """Show how much waits, and since when."""
    looked = days_of(days)
    found = app.supervision.board(caller, looked)
    tiles = {one.watch: one for one in found.tiles}
    groups = [(name, [tiles[one] for one in some]) for name, some in GROUPS.items()]
    return desk(
        request,
        caller,
        "board",
        groups=groups,
        matrix=found.matrix,
        step_tones=STEP_TONES,
        days=looked,
        choices=DAYS,
        tone=lambda tile: "good" if not tile.count else _TONES.get(tile.watch, "wait"),
        home=lambda tile: home_of(tile.watch, looked),
    )


@router.get("/watch/{name}")
def watched(
    name: str,
    request: Request,
    app: App,
    days: str = "",
    after: str | None = None,
    caller: Caller = admitted(Action.REVIEW_GAPS),
) -> Response:
    """Show the list of a tile. Raises: NotFound("not-found")."""
    if name not in tuple(Watch) or Watch(name) in ELSEWHERE:
        raise NotFound("not-found")
    watch, looked = Watch(name), days_of(days)
    lines = app.supervision.lines(caller, watch, looked)
    shown, then = page_of(lines[:MOST], after, lambda one: one.id)
    return desk(
        request,
        caller,
        "watched",
        watch=watch.value,
        lines=shown,
        after=then,
        count=min(len(lines), MOST),
        is_more=len(lines) > MOST,
        days=looked if watch in DATED else None,
        choices=DAYS,
        plain=printable,
        may_open=may(caller, Action.OPEN_FAULTS, app.site.bars()),
    )


def days_of(text: str) -> int:
    """Return for how many days back is looked; the usual number where nobody says one of the choices."""
    return int(text) if text in map(str, DAYS) else USUAL_DAYS


def home_of(watch: Watch, days: int) -> str:
    """Return where the list of a tile is."""
    path = ELSEWHERE.get(watch, f"/watch/{watch.value}")
    return path if days == USUAL_DAYS or watch not in DATED else f"{path}?days={days}"
