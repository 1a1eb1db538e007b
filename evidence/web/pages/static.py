"""The files that pages load, all from here: styles, our own small scripts, and two libraries from npm.

The libraries are installed by their lock file beside this package when the software is set up (./dev.sh,
deploy/Dockerfile); no page asks any other host. A browser keeps a file and asks whether it is still the same.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import NotFound
from evidence.web.deps import admitted

router = APIRouter(prefix="/static", tags=["pages"], include_in_schema=False)

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_LIBRARIES = {
    "htmx.js": "vendor/node_modules/htmx.org/dist/htmx.min.js",
    "tus.js": "vendor/node_modules/tus-js-client/dist/tus.min.js",
}


@router.get("/{name}")
def static(name: str, request: Request, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Return one file. Raises: NotFound("not-found")."""
    body, kind, tag = _file(name)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)


@cache
def _file(name: str) -> tuple[bytes, str, str]:
    """Return a file's bytes, its kind and its ETag."""
    root = resources.files("evidence.web")
    own = {one.name: one for one in root.joinpath("static").iterdir()}
    found = root.joinpath(_LIBRARIES[name]) if name in _LIBRARIES else own.get(name)
    kind = _KINDS.get(name.rpartition(".")[2])
    if found is None or kind is None or not found.is_file():
        raise NotFound("not-found")
    body = found.read_bytes()
    return body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
