"""What is asked of me: each gap explained while looking at it; and statements that nothing was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.domain.access import Caller, may
from evidence.domain.explanations import TO_DO, Spoken
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.errors import EvidenceError, Invalid
from evidence.local import citation_text
from evidence.policy.conduct import exemptions_of
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.explanations import MOST_ALIKE
from evidence.service.gaps.gap_words import Found, Said
from evidence.service.instruments import pack_at
from evidence.web.bodies import read_chosen, read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.officer_words import TONES, Told, told, words_of
from evidence.web.pages.rendering import away

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/shift/gaps")
def gaps(request: Request, app: App, caller: Caller = admitted(Action.OWN_SHIFT)) -> Response:
    """Show what is asked, and what was answered."""
    asked = [told(one) for one in app.own_shift.asked(caller)]
    may_explain = may(caller, Action.EXPLAIN, app.site.bars())
    return desk(request, caller, "officer/gaps", lines=asked, may_explain=may_explain)


@router.get("/shift/gaps/{gap}")
def gap(gap: str, request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN)) -> Response:
    """Show one gap, with the recordings around it."""
    return _shown(request, app, caller, gap, {}, None)


@router.post("/shift/gaps/{gap}")
async def explain(
    gap: str, request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN, form=True)
) -> Response:
    """Send an explanation."""
    form, also = await read_form(request), await read_chosen(request, "also")
    try:
        await run_in_threadpool(app.explanations.explain, caller, gap, _said(form), also)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, gap, form, problem, also)
    return away("/shift/gaps?done=own-explained")


@router.get("/shift/exemptions")
def exemptions(request: Request, app: App, caller: Caller = admitted(Action.READ_GAPS)) -> Response:
    """Show the form for a statement, and the statements that were made."""
    return _statements(request, app, caller, {}, None)


@router.post("/shift/exemptions")
async def state(request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN, form=True)) -> Response:
    """Take a statement about oneself."""
    form = await read_form(request)
    try:
        span = _span(form, app.site.policies.latest.time_zone)
        words = form.get("ground", ""), form.get("basis", "")
        said = Stated(caller.name, *words, span, form.get("device_state", ""))
        await run_in_threadpool(app.exemptions.state, caller, said)
    except EvidenceError as problem:
        return await run_in_threadpool(_statements, request, app, caller, form, problem)
    return away("/shift/exemptions?done=own-stated")


@router.post("/shift/exemptions/{exemption_id}/withdrawal")
async def withdraw(
    exemption_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN, form=True)
) -> Response:
    """Take back a statement of one's own that no head has received."""
    form = await read_form(request)
    try:
        await run_in_threadpool(app.exemptions.withdraw, caller, exemption_id, form.get("reason", ""))
    except EvidenceError as problem:
        return await run_in_threadpool(_statements, request, app, caller, {}, problem)
    return away("/shift/exemptions?done=own-withdrawn")


def _shown(
    request: Request,
    app: App,
    caller: Caller,
    gap: str,
    typed: Mapping[str, str],
    problem: EvidenceError | None,
    also: Sequence[str] = (),
) -> Response:
    shown = app.own_gaps.open(caller, gap)
    found = shown.found
    title, text, fields = f"officer.part-{found.gap.part}", "officer.no-details", dict[str, object]()
    if shown.finding is not None:
        title, text, more = words_of(shown.finding)
        fields = dict(more)
    length_ms = found.gap.subject.place.length_ms
    length = None if length_ms is None else timedelta(milliseconds=length_ms)
    if found.gap.part == "late":
        text, fields = "officer.late-by", {"late": length}
    return desk(
        request,
        caller,
        "officer/gap",
        problem=problem,
        shown=shown,
        found=found,
        title=title,
        text=text,
        fields=fields,
        lost=length if found.gap.part == "interruptions" else None,
        open=found.standing.state in TO_DO,
        tone=TONES[found.standing.state],
        cites=[citation_text(one, found.pack) for one in found.cites],
        typed=typed,
        alike=_alike(app, caller, found),
        also=frozenset(also),
    )


def _alike(app: App, caller: Caller, found: Found) -> list[Told]:
    """Return what else of one's own may have the same cause: a card that came late has many late files."""
    this = found.standing.name
    asked = [one for one in app.own_shift.asked(caller) if one.standing.state in TO_DO]
    cause = next((one.cause for one in asked if one.standing.name == this), None)
    others = [one for one in asked if cause and one.cause == cause and one.standing.name != this]
    return [told(one) for one in others[: MOST_ALIKE - 1]]


def _said(form: Mapping[str, str]) -> Said:
    """Read what a form says. Raises: Invalid("spoken-place") for seconds that are none."""
    text, cause = form.get("text", "").strip() or None, form.get("cause", "") or None
    recording, first, last = (form.get(name, "").strip() for name in ("recording", "from_s", "to_s"))
    if not first and not last:
        return Said(text, cause)
    try:
        from_ms, to_ms = (round(1000 * float(one)) for one in (first, last))
    except (ValueError, OverflowError):
        raise Invalid("spoken-place", recording=recording) from None
    return Said(text, cause, Spoken(recording, from_ms, to_ms))


def _statements(
    request: Request, app: App, caller: Caller, typed: Mapping[str, str], problem: EvidenceError | None
) -> Response:
    now = app.site.clock.now()
    pack = pack_at(app.site.policies, now)
    rule = exemptions_of(pack, pack_at(app.site.strictest, now))
    return desk(
        request,
        caller,
        "officer/exemptions",
        problem=problem,
        grounds=rule.words,
        cites=[citation_text(one.id, pack) for one in rule.cites],
        stated=[one for one in app.exemptions.stated(caller) if one.person_id == caller.id],
        may_state=may(caller, Action.EXPLAIN, app.site.bars()),
        typed=typed,
    )


def _span(form: Mapping[str, str], zone: str) -> Span:
    """Read from when to when, as typed in the law's time zone. Raises: Invalid."""
    try:
        start, end = (
            datetime.fromisoformat(form.get(name, "")).replace(tzinfo=ZoneInfo(zone))
            for name in ("since", "until")
        )
    except (ValueError, OverflowError):
        raise Invalid("invalid-time", field="time") from None
    if end < start:
        raise Invalid("ends-before-start")
    return Span(start, end)
