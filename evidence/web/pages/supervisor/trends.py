"""Trends as a page: each unit's uploads and gaps by month, as pictures with the numbers beside."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.domain.trends import Measure, Month, draw, hours, share
from evidence.errors import EvidenceError
from evidence.locale import text
from evidence.service.gaps.trends import MOST, UnitMonths
from evidence.service.people.units import full_names
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.language import language_of
from evidence.web.pages.rendering import picture
from evidence.web.pages.turning import page_of

router = APIRouter(prefix="/trends", tags=["pages"], include_in_schema=False)

UNITS = 8  # on one page, each with its pictures
NOBODY = "nobody"  # the key of what nobody knows the unit of


@router.get("")
def trends(
    request: Request,
    app: App,
    unit: str = "",
    after: str | None = None,
    caller: Caller = admitted(Action.REVIEW_GAPS),
) -> Response:
    """Show the months of all units within reach, or of one and below."""
    choices = _units(app, caller)
    try:
        found = app.trends.by_month(caller, unit or None)
    except EvidenceError as problem:
        return desk(request, caller, "trends", problem=problem, found=None, units=choices, unit=unit)
    say = partial(text, language_of(request))

    def pictures(months: list[Month]) -> dict[str, Markup]:
        return {one.value: picture(draw(one, months, say)) for one in Measure}

    shown, then = page_of(found.units, after, _key, UNITS)
    facts: dict[str, Any] = {"pictures": pictures, "share": share, "hours": hours, "most": MOST, "key": _key}
    whole = UnitMonths(None, None, found.months)
    return desk(
        request,
        caller,
        "trends",
        found=found,
        whole=whole,
        shown=shown,
        after=then,
        units=choices,
        unit=unit,
        **facts,
    )


def _key(one: UnitMonths) -> str:
    return one.unit_id or NOBODY


def _units(app: Application, caller: Caller) -> list[tuple[str, str]]:
    units = app.organisation.units.all(caller) if may(caller, Action.READ_PEOPLE, app.site.bars()) else []
    return sorted(full_names(units).items(), key=lambda pair: pair[1])
