"""Finding the router of a path. FastAPI asks some seventy routers in turn, and each asks all of its routes:
half a millisecond of the one event loop for each page. A router none of whose paths begins as the asked one
does is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

_Matches = Callable[[Scope], tuple[Match, Scope]]


def ask_by_first_part(routes: Sequence[BaseRoute]) -> None:
    """Have each of these asked only about paths whose first part one of its own has."""
    for route in routes:
        firsts = {first_part(context.path or "/{any}") for context in iter_route_contexts([route])}
        if not any("{" in one for one in firsts):
            route.matches = _sparing(route.matches, firsts)  # type: ignore[assignment,method-assign]  # no other way in


def first_part(path: str) -> str:
    """Return "a" of "/a/b"."""
    return path.partition("/")[2].partition("/")[0]


def _sparing(matches: _Matches, firsts: set[str]) -> _Matches:
    def ask(scope: Scope) -> tuple[Match, Scope]:
        is_other = scope["type"] == "http" and not scope.get("root_path")
        if is_other and first_part(scope["path"]) not in firsts:
            return Match.NONE, {}
        return matches(scope)

    return ask
