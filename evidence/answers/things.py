"""What is meant by the ids of things in an answer, beside the ids: the same at every door.

As with people (people.py): an id stands alone for whoever may not know what it is of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evidence.domain.access import Caller, may
from evidence.domain.fault_files import FaultFile
from evidence.domain.retention import Keeps, Rule
from evidence.domain.rights import Action
from evidence.domain.wording import printable
from evidence.policy.rules import cite_ids
from evidence.service.naming_things import Named, NamingThings, Thing
from evidence.service.site import Site

_KEEPING: Mapping[Keeps, Thing] = {
    Keeps.HOLD: Thing.HOLD,
    Keeps.COMPLAINT: Thing.COMPLAINT,
    Keeps.FAULT_FILE: Thing.FAULT,
    **dict.fromkeys(
        (Keeps.OPEN_CASE, Keeps.CASE_WITHOUT_TERM, Keeps.PERMANENT_CASE, Keeps.CASE),
        Thing.CASE,
    ),
}
_GROUPS: Mapping[str, str] = {"ground": "ground", "kind": "fault-kind", "exempting": "exempting"}


def things_of_rules(rules: Iterable[Rule]) -> list[tuple[Thing, str]]:
    """Return what rules that keep a recording are about."""
    return [(_KEEPING[one.keeps], one.about) for one in rules if one.about and one.keeps in _KEEPING]


def things_of_file(file: FaultFile) -> list[tuple[Thing, str]]:
    """Return what a fault file rests on."""
    return [(Thing(link.kind.value), link.object_id) for link in file.links]


def things_known(site: Site, caller: Caller, wanted: Iterable[tuple[Thing, str]]) -> Mapping[str, Named]:
    """Return what those of these things are called that the caller may know of, by id."""
    if not may(caller, Action.LIST_RECORDINGS, site.bars()):
        return {}
    return NamingThings(site).named(caller, wanted)


def thing_text(say: Callable[..., str], one: Named | None) -> str:
    """Return what a thing is called as people read it; nothing of one that was not named. say: a text of the
    catalogues."""
    return " ".join(
        say(f"{_GROUPS[key]}.{value}") if key in _GROUPS else printable(value)
        for key, value in (one or {}).items()
    )


def rule_words(site: Site, caller: Caller, rules: Iterable[Rule]) -> dict[str, Any]:
    """Return by what a page says rules that keep a recording: their articles, and what they are about."""
    things = things_known(site, caller, things_of_rules(rules))
    return {"cite_ids": cite_ids, "things": things, "thing": thing_text}


def named_out(known: Mapping[str, Named]) -> dict[str, Any]:
    """Return the same as JSON values."""
    return {id_: dict(one) for id_, one in sorted(known.items())}
