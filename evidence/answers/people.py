"""Who is meant by the ids of people in an answer: the same over HTTP, on the command line and on pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evidence.domain.access import Caller, may
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.service.naming import Naming
from evidence.service.site import Site

_PEOPLE = frozenset(
    {"person", "people", "author", "received_by", "opened_by", "decided_by", "handler", "taken_by"}
    | {"closed_by", "views", "verdicts", "by", "issued_by", "returned_by", "ended_by", "retired_by"}
)


def people_known(site: Site, caller: Caller, ids: Iterable[str | None]) -> Mapping[str, Person]:
    """Return those of these people whom the caller may know, by id: none to whoever may read of nobody."""
    if not may(caller, Action.READ_PEOPLE, site.bars()):
        return {}
    return Naming(site).people(caller, ids)


def with_names(site: Site, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return answers with `who`: number and name of the people in them whom the caller may know, by id."""
    ids = [frozenset(_ids(row)) for row in rows]
    known = people_known(site, caller, sorted(frozenset().union(*ids)))
    return [
        {**row, "who": {id_: _who(known[id_]) for id_ in sorted(mine & known.keys())}}
        for row, mine in zip(rows, ids, strict=True)
    ]


def _ids(row: Mapping[str, Any]) -> Iterator[str]:
    for key in _PEOPLE & row.keys():
        value = row[key]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from _ids(one)
            elif one is not None:
                yield one


def _who(one: Person) -> dict[str, str | None]:
    return {"number": one.number, "name": one.name}
