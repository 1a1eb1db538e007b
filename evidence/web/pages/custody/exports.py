"""Exports: a list and what waits for a decision, asking from a case, one export, deciding file by file."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.export_names import file_name
from evidence.domain.exports import Export, Form, Ground, Medium, Said, State, Way, form_unsaid
from evidence.domain.rights import Action
from evidence.errors import EvidenceError, Invalid
from evidence.service.court.export_desk import NEWEST_FIRST, SORTS, ExportPage
from evidence.service.court.export_lists import ListedExport
from evidence.service.court.exports import Wish
from evidence.service.court.sharing import Made
from evidence.service.listing import Listing
from evidence.web.bodies import read_chosen, read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.made import made_lines
from evidence.web.pages.custody.wording import doer_words
from evidence.web.pages.desk import desk, reading
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import sorting_of

router = APIRouter(prefix="/custody/exports", tags=["pages"], include_in_schema=False)

TONES = {
    State.ASKED: "wait",
    State.WITHDRAWN: "",
    State.REFUSED: "",
    State.LAPSED: "bad",
    State.APPROVED: "wait",
    State.BUILT: "good",
    State.HANDED_OVER: "good",
    State.RECEIPTED: "good",
}
_GROUND = "ground-"  # before the id of a recording, in the form of a decision
_FORM = "form-"  # in the form of a request: as which derivative it goes out
_LONGEST = 40


@router.get("")
def exports(
    request: Request,
    app: App,
    state: str = "",
    after: str = "",
    sort: str = "",
    caller: Caller = admitted(Action.READ_EXPORTS),
) -> Response:
    """List the exports of one's units, newest first."""
    so_far = State(state) if state in tuple(State) else None
    found = app.court.desk.page(caller, so_far, after[:_LONGEST], _listing(sort))
    return _listed(request, app, caller, found, state=state)


@router.get("/waiting")
def waiting(
    request: Request,
    app: App,
    after: str = "",
    sort: str = "",
    caller: Caller = admitted(Action.DECIDE_EXPORTS),
) -> Response:
    """List what waits for a decision of the reader's."""
    found = app.court.desk.waiting(caller, after[:_LONGEST], _listing(sort))
    return _listed(request, app, caller, found, is_queue=True)


@router.get("/new/{case_id}")
def new(case_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT)) -> Response:
    """Show the form in which files of a case are asked for."""
    return _form(request, app, caller, {"case": case_id}, [])


@router.post("")
async def ask(request: Request, app: App, caller: Caller = admitted(Action.EXPORT, form=True)) -> Response:
    """Ask that files of a case leave; somebody else decides."""
    form, chosen = await read_form(request), await read_chosen(request, "recording")

    def act() -> ListedExport:
        return app.court.exports.ask(caller, _wish(app, caller, form, chosen))

    try:
        made = await run_in_threadpool(act)
    except EvidenceError as problem:
        return await run_in_threadpool(_form, request, app, caller, form, chosen, problem)
    return away(f"/custody/exports/{made.export.id}?done=export-asked")


@router.get("/{export_id}")
def export(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_EXPORTS)
) -> Response:
    """Show an export with what may be done to it."""
    return shown(request, app, caller, export_id)


@router.post("/{export_id}/decide")
async def decide(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.DECIDE_EXPORTS, form=True)
) -> Response:
    """Approve or refuse what somebody else has asked for, file by file."""
    form = await read_form(request)
    try:
        if form.get("decision") not in ("approve", "refuse"):
            raise Invalid("invalid-text", field="decision")
        act = partial(
            app.court.exports.decide,
            caller,
            export_id,
            is_approved=form["decision"] == "approve",
            reason=form.get("reason", ""),
            secrecy=form.get("secrecy"),
            refused=_refused(form),
        )
        await run_in_threadpool(act)
    except EvidenceError as problem:
        return await run_in_threadpool(shown, request, app, caller, export_id, problem, form)
    return away(f"/custody/exports/{export_id}?done=export-decided")


def shown(
    request: Request,
    app: Application,
    caller: Caller,
    export_id: str,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
    link: Made | None = None,
) -> Response:
    """Return the page of an export. link: one that was just made; its secrets are told here, once."""
    sheet, now = app.court.desk.one(caller, export_id), app.site.clock.now()
    reader, one, case = reading(request), sheet.listed.export, sheet.listed.cover["case"]
    return desk(
        request,
        caller,
        "custody/export",
        problem=problem,
        sheet=sheet,
        one=one,
        doer=partial(doer_words, reader),
        tones=TONES,
        grounds=list(Ground),
        seal=file_name(one.number, str(case) if case else None, "seal.tlog-proof"),
        deciders=" / ".join(reader.say(f"role.{role}") for role in sheet.deciders),
        papers=_papers(one),
        links=[(link, link.state(now).value) for link in sheet.links],
        link_made=link,
        base=app.settings.public_url.rstrip("/"),
        typed=typed or {},
        made={line.one.id: line for line in made_lines(reader, sheet.made.values(), sheet.people)},
    )


def _listing(sort: str) -> Listing:
    return sorting_of(sort, SORTS) if sort else NEWEST_FIRST


def _listed(
    request: Request,
    app: Application,
    caller: Caller,
    found: ExportPage,
    *,
    is_queue: bool = False,
    state: str = "",
) -> Response:
    return desk(
        request,
        caller,
        "custody/exports",
        found=found,
        doer=partial(doer_words, reading(request)),
        is_queue=is_queue,
        state=state,
        states=list(State),
        tones=TONES,
        may_ask=may(caller, Action.EXPORT, app.site.bars()),
    )


def _form(
    request: Request,
    app: Application,
    caller: Caller,
    typed: dict[str, str],
    chosen: list[str],
    problem: EvidenceError | None = None,
) -> Response:
    page = app.case_pages.of(caller, typed.get("case", ""))
    index = page.index
    inside = {one.recording.id for one in index.recordings if one is not None and one.gone_at is None}
    files = [one for one in page.cameras if one.stored.recording.id in inside]  # by when they were made
    found = app.court.desk.redacted(caller, [one.stored.recording.id for one in files])
    return desk(
        request,
        caller,
        "custody/export_new",
        problem=problem,
        case=index.listed.case,
        files=files,
        redacted={id_: made_lines(reading(request), each, found.people) for id_, each in found.made.items()},
        restricted=found.restricted,
        hidden=sum(one is None for one in index.recordings),
        ways=list(Way),
        media=list(Medium),
        typed=typed,
        chosen=set(chosen),
    )


def _wish(app: Application, caller: Caller, form: dict[str, str], chosen: list[str]) -> Wish:
    """Return what a form asks for. Raises: Invalid("invalid-text", "form-needed")."""
    if form.get("way") not in tuple(Way) or form.get("medium") not in tuple(Medium):
        raise Invalid("invalid-text", field="way" if form.get("way") not in tuple(Way) else "medium")
    told = [form.get(name, "").strip() or None for name in Said.__dataclass_fields__]
    way, about = Way(form["way"]), (Medium(form["medium"]), form.get("case", ""))
    forms = {one: form.get(f"{_FORM}{one}") for one in chosen}
    there = app.court.desk.redacted(caller, [one for one, said in forms.items() if not said]).made
    unsaid = {one: form_unsaid(way, [it.id for it in made]) for one, made in there.items()}
    wanted = {one: said for one, said in {**forms, **unsaid}.items() if said and said != Form.ORIGINAL.value}
    return Wish(way, tuple(chosen), Said(*told), *about, redacted=wanted)


def _refused(form: dict[str, str]) -> dict[str, Ground]:
    """Return the files that do not go out, each with its ground. Raises: Invalid("invalid-text")."""
    told = {
        name.removeprefix(_GROUND): said for name, said in form.items() if name.startswith(_GROUND) and said
    }
    if any(said not in tuple(Ground) for said in told.values()):
        raise Invalid("invalid-text", field="ground")
    return {recording: Ground(said) for recording, said in told.items()}


def _papers(one: Export) -> list[str]:
    """Return which documents there are about an export by now."""
    there = {
        "custody-report": one.built is not None and one.built.statement is not None,
        "evidence-list": one.built is not None and one.built.statement is not None,
        "hand-over": one.hand_over is not None,
        "refusal": bool(one.refused),
        "us-certificate": one.built is not None and one.built.statement is not None,
    }
    return [kind for kind, is_there in there.items() if is_there]
