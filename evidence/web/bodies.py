"""JSON bodies and forms, read by the route itself: only when the caller is known, and never over a limit.

A sender who falls silent is answered, and so his connection ends (serving.py). Where a body is long on its
way the caller is looked up anew when it is there: an account may be off, a session over, a token revoked.
FastAPI's own body parameters are read before any dependency runs, so a stranger could fill the memory with a
body that is refused in the end (docs/formats/dock-protocol.md: 401 before a byte of the body is read).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ValidationError

from evidence.answers.coded_words import code_of
from evidence.errors import Conflict, Invalid, Known

MOST_FORM_BYTES = 16 << 10
MOST_FIELDS = 300  # of a form: one for each row of a list that is ticked, and a few
ASKED_AGAIN_S = 2.0  # as long answers are (streams.py)
PATIENCE_S = 60.0  # for a body of any length, and as long again for each MiB that it may have
M = TypeVar("M", bound=BaseModel)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:  # in year 1 or 9999, with a zone that leads beyond
        raise ValueError("no instant") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with its zone, as UTC: one that has no place there is malformed (422)."""


def coded(group: str) -> BeforeValidator:
    """Return what makes a text of a body or a question a code of a pack: typed as the code, or in the words
    shown for it in either language. What the pack lacks is refused by the desk. group: of the catalogues.
    """
    return BeforeValidator(lambda typed: code_of(group, typed) if isinstance(typed, str) else typed)


def one_of(kinds: Iterable[StrEnum], group: str) -> BeforeValidator:
    """Return the same for a closed list; anything else is refused: Invalid("unknown-word")."""
    known = Known((kind.value for kind in kinds), group)

    def chosen(typed: object) -> object:
        code = code_of(group, typed) if isinstance(typed, str) else typed
        if isinstance(code, str) and code not in known.taken:
            raise Invalid("unknown-word", found=typed, known=known)
        return code

    return BeforeValidator(chosen)


async def read_json(request: Request, model: type[M], most_bytes: int) -> M:
    """Read a body of at most so many bytes as a model.

    Raises: Invalid("wrong-content-type", "body-too-slow"), Conflict("too-many-bytes"),
    RequestValidationError.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Invalid("wrong-content-type", expected="application/json")
    body = await read_body(request, most_bytes)
    try:
        return model.model_validate_json(body)
    except ValidationError as problem:
        raise RequestValidationError(problem.errors(include_url=False, include_input=False)) from problem


async def read_form(request: Request) -> dict[str, str]:
    """Read a small form as a browser sends it, once: the route gets what the admission has read.

    Raises: Invalid("wrong-content-type", "body-too-slow"), Conflict("too-many-bytes"),
    RequestValidationError.
    """
    there: dict[str, str] | None = getattr(request.state, "form", None)
    if there is not None:
        return there
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Invalid("wrong-content-type", expected="application/x-www-form-urlencoded")
    began = asyncio.get_running_loop().time()
    body = await _read(request, MOST_FORM_BYTES)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise RequestValidationError([]) from None
    # HTML ends the lines of a text area with CR LF whatever was typed; a line end is LF everywhere here.
    pairs = [(name, value.replace("\r\n", "\n")) for name, value in pairs]
    request.state.form, request.state.fields = dict(pairs), pairs
    await ask_again(request, began)
    return dict(pairs)


async def read_chosen(request: Request, name: str) -> list[str]:
    """Read what a form says under one name, all of it: the rows of a list that were ticked.

    Raises: as read_form.
    """
    await read_form(request)
    pairs: list[tuple[str, str]] = request.state.fields
    return [value for one, value in pairs if one == name]


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Read a body of at most so many bytes.

    Raises: Invalid("body-too-slow"), Conflict("too-many-bytes"); as the admission, if that is asked again.
    """
    began = asyncio.get_running_loop().time()
    body = await _read(request, most_bytes)
    await ask_again(request, began)
    return body


async def ask_again(request: Request, since: float) -> float:
    """Ask whether the caller still may, where that was asked some time ago; return when it was asked last.

    since: of the event loop's clock. Raises: as the admission (deps.py).
    """
    now = asyncio.get_running_loop().time()
    if now - since < ASKED_AGAIN_S:
        return since
    again: Callable[[], Awaitable[object]] | None = getattr(request.state, "again", None)
    if again is not None:  # None: of a route that anybody may ask
        await again()
    return now


async def _read(request: Request, most_bytes: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 19 or int(declared) > most_bytes:
        raise Conflict("too-many-bytes", limit=most_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S * (1 + most_bytes / (1 << 20))):
            async for piece in request.stream():
                body += piece
                if len(body) > most_bytes:
                    raise Conflict("too-many-bytes", limit=most_bytes)
    except TimeoutError as problem:  # a form is asked of strangers too
        raise Invalid("body-too-slow") from problem
    return bytes(body)


def counted(text: str) -> int:
    """Return a count that was typed or stands in an address; 0 for what is none: no use case takes it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def described(model: type[BaseModel]) -> dict[str, Any]:
    """Return what a route says in OpenAPI about the body it reads with read_json."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inlined(schema, parts)}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """Put the parts where they are referred to: a reference would point nowhere in the whole document."""
    if isinstance(schema, list):
        return [_inlined(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rsplit("/", 1)[1]], parts)
    return {key: _inlined(value, parts) for key, value in schema.items()}
