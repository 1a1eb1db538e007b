"""One recording: player, time line, facts, findings, custody with proofs, keeping, labels, and what to do."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.recordings import finding_out, recording_out
from evidence.answers.things import rule_words
from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.findings import Severity
from evidence.domain.instants import from_text
from evidence.domain.people import PersonType
from evidence.domain.rights import Action
from evidence.domain.standing import Classification
from evidence.errors import EvidenceError, Invalid
from evidence.policy.check_points import MarkerKind
from evidence.policy.rules import Label
from evidence.service.cases.case_access import case_named, told_as_named
from evidence.service.instruments import pack_at
from evidence.service.recordings.dossiers import Dossier
from evidence.service.recordings.labelling import Labelled
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.made import made_lines
from evidence.web.pages.custody.player import player_of
from evidence.web.pages.custody.session_line import line_of
from evidence.web.pages.custody.track import track_of
from evidence.web.pages.custody.wording import doer_words, finding_sentence
from evidence.web.pages.desk import Reading, desk, part, reading
from evidence.web.pages.rendering import away

router = APIRouter(prefix="/recordings", tags=["pages"], include_in_schema=False)

_RANK = {Severity.BREACH.value: 0, Severity.ATTENTION.value: 1, Severity.INFO.value: 2}


@router.get("/{recording_id}")
def recording(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.LIST_RECORDINGS)
) -> Response:
    """Show all about a recording that the caller may know."""
    return _shown(request, app, caller, recording_id)


@router.get("/{recording_id}/views")
def views(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_VIEWS)
) -> Response:
    """Show who looked at it: a look of its own, asked for by a button."""
    reader, found = reading(request), app.oversight.views.of(caller, recording_id, 50)
    doer = partial(doer_words, reader)
    return part(request, "custody/views", views=found, doer=doer, moment=from_text)


@router.get("/{recording_id}/proof/{index}")
def proof(
    recording_id: str, index: int, request: Request, app: App, caller: Caller = admitted(Action.READ_MANIFEST)
) -> Response:
    """Show an entry of the log of custody, its proof, and how a court checks it."""
    proven, is_in_order = app.proving.of_entry(caller, recording_id, index)
    return desk(
        request,
        caller,
        "custody/proof",
        id=recording_id,
        proven=proven,
        entry=proven.entry.decode(),
        is_in_order=is_in_order,
        lines=proven.proof.decode().splitlines(),
    )


@router.get("/{recording_id}/proof/{index}/file")
def proof_file(
    recording_id: str, index: int, app: App, caller: Caller = admitted(Action.READ_MANIFEST)
) -> Response:
    """Hand the proof out as a file: entry, way to the root, signed checkpoint (.tlog-proof)."""
    proven, _ = app.proving.of_entry(caller, recording_id, index)
    named = f'attachment; filename="custody-{proven.index:012d}.tlog-proof"'
    return Response(proven.proof, headers={"Content-Disposition": named}, media_type="text/plain")


@router.post("/{recording_id}/label")
async def label(
    recording_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.LABEL, form=True),
) -> Response:
    """Give labels."""
    form = await read_form(request)
    said = {one.value: form[one.value] for one in Label if form.get(one.value, "").strip()}
    return await _acted(request, app, caller, recording_id, "labelled",
                        app.labelling.give, caller, [recording_id], said)  # fmt: skip


@router.post("/{recording_id}/class")
async def classify(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.CLASSIFY, form=True)
) -> Response:
    """Give it a class, or ask that it be ordinary again."""
    form = await read_form(request)
    return await _acted(request, app, caller, recording_id, "classified", app.oversight.classes.classify,
                        caller, recording_id, form.get("class", ""), form.get("reason", ""))  # fmt: skip


@router.post("/{recording_id}/hold")
async def hold(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD, form=True)
) -> Response:
    """Hold it."""
    form = await read_form(request)
    return await _acted(request, app, caller, recording_id, "held", app.holds.place,
                        caller, recording_id, form.get("ground", ""), form.get("reason", ""))  # fmt: skip


@router.post("/{recording_id}/link")
async def link(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_CASES, form=True)
) -> Response:
    """Link it to a case, named by its number or its id."""
    said = (await read_form(request)).get("case", "").strip()

    def act() -> object:
        case_id = case_named(app.site, said)
        with told_as_named(said, case_id):
            return app.cases.link(caller, case_id, recording_id)

    return await _acted(request, app, caller, recording_id, "linked", act)


@router.post("/{recording_id}/pin")
async def pin(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.LABEL, form=True)
) -> Response:
    """Pin a check-point to seconds of it."""
    form = await read_form(request)

    def act() -> object:
        kind, start, end = _check_point(form)
        return app.markers.pin(caller, recording_id, kind, start, end)

    return await _acted(request, app, caller, recording_id, "pinned", act)


def _check_point(form: dict[str, str]) -> tuple[MarkerKind, int, int]:
    """Read a check-point that somebody typed, in seconds. Raises: Invalid("invalid-text")."""
    try:
        start, end = (round(float(form.get(one, "")) * 1000) for one in ("from", "to"))
        return MarkerKind(form.get("kind", "")), start, end
    except (ValueError, OverflowError):
        raise Invalid("invalid-text", field="check-point") from None


async def _acted(
    request: Request, app: Application, caller: Caller, recording_id: str, done: str, act: Any, *said: Any
) -> Response:
    """Do something about it and go back to its page; show what could not be done above it."""
    try:
        told = await run_in_threadpool(act, *said)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, recording_id, problem)
    if isinstance(told, Labelled) and told.unknown_case:
        done = "labelled-unknown-case"
    return away(f"/recordings/{recording_id}?done={done}")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    recording_id: str,
    problem: EvidenceError | None = None,
) -> Response:
    found, reader = app.dossiers.of(caller, recording_id), reading(request)
    return desk(
        request,
        caller,
        "custody/recording",
        problem=problem,
        one=found,
        row=recording_out(found.stored, caller),
        player=player_of(request, found),
        made=made_lines(reader, found.made, found.people),
        line=line_of(reader, found, caller),
        findings=_findings(reader, found, caller),
        **_facts(reader, found, caller),
        handled=[(one, reader.word(str(one.entry["act"]), "log-act")) for one in found.handled or ()],
        doer=partial(doer_words, reader),
        moment=from_text,
        **rule_words(app.site, caller, found.why.rules if found.why else ()),
        may={action.value for action in found.may},
        may_link=may(caller, Action.MANAGE_CASES, app.site.bars()),
        labels=[one.value for one in Label if one not in (Label.OFFICER, Label.TIME)],
        classes=[one.value for one in Classification],
        grounds=list(pack_at(app.site.policies, app.site.clock.now()).long_term.grounds),
        kinds=[one.value for one in MarkerKind],
        typed=getattr(request.state, "form", {}),
        acted=request.url.path.rpartition("/")[2],
    )


def _facts(reader: Reading, found: Dossier, caller: Caller) -> dict[str, Any]:
    """Return what the file says of itself, and the way of the recorder, for whoever may know."""
    facts = None if caller.person_type is PersonType.AUXILIARY else found.facts
    start = None if found.span is None else found.span.start

    def track_at(second: float) -> str | Markup:
        clock = f"{int(second) // 60}:{second % 60:05.2f}"
        return clock if start is None else reader.when(start + timedelta(seconds=second), seconds=True)

    def metres(length: float) -> str:
        return f"{length:,.0f} m" if length < 10_000 else f"{length / 1000:,.1f} km"

    return {"facts": facts, "track": facts and track_of(facts.places), "track_at": track_at, "metres": metres}


def _findings(reader: Reading, found: Dossier, caller: Caller) -> list[tuple[dict[str, Any], str]] | None:
    """Return findings, the gravest first, each with its sentence."""
    if found.findings is None:
        return None
    bodies = [finding_out(one, caller) for one in found.findings]
    bodies.sort(key=lambda one: (_RANK.get(str(one["severity"]), 9), one.get("start_s") or 0))
    return [(one, finding_sentence(reader, one)) for one in bodies]
