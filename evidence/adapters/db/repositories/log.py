"""The log in SQL: entries with their final place, written in the transaction of the act.

Who may write is alone (decision 10), so the next index of a log is the greatest and one, and what a rollback
takes back leaves no hole (decision 16). `audit_entry` holds the leaves, `audit_about` the counters: which
entry is number n about an object. Not here: the tree over the leaves, and what is published of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Table,
    bindparam,
    func,
    insert,
    literal,
    select,
    union_all,
)

from evidence.adapters.db.log_tables import IS_CHECK, audit_about, audit_entry, audit_payload
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, stored_bytes
from evidence.domain.audit import Act, Entry, Family, Place, Reference, family_of, log_of
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.told import says_enough
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.canonical import canonical, read_canonical
from evidence.ledger.entries import SALT_BYTES, Head, commitment, read_entry, write_entry
from evidence.service.log.log_ports import Counter

_FIRST_LOG = Family.CUSTODY.value  # a site begins there
_THE_LOG = ""  # stands in the place of an object
# Where a log ends: the greatest number of all entries, the greatest index of the log.
_ENDS = select(
    literal(_THE_LOG),
    select(func.coalesce(func.max(audit_entry.c.id), 0)).scalar_subquery(),
    bindparam("log", type_=audit_entry.c.log.type),
    select(func.coalesce(func.max(audit_entry.c.idx), -1))
    .where(audit_entry.c.log == bindparam("log"))
    .scalar_subquery(),
)
_first, _any, _last = (audit_about.alias(name) for name in ("first_one", "any_one", "last_one"))
_before = audit_about.alias("one_before")


def _ends_and_last(which: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Ask where a log ends, and for the last entry about each of some objects.

    Every object that has entries has one with n = 1: from there each engine finds the last by its index,
    however many are in between.
    """
    most = select(func.max(_any.c.n)).where(
        _any.c.family == _first.c.family, _any.c.object_id == _first.c.object_id
    )
    both = (_last.c.family == _first.c.family) & (_last.c.object_id == _first.c.object_id)
    last = select(_last.c.object_id, _last.c.n, _last.c.log, _last.c.idx).join_from(_first, _last, both)
    last = last.where(_first.c.family == bindparam("family"), which, _first.c.n == 1)
    return union_all(_ENDS, last.where(_last.c.n == most.scalar_subquery()))


# Most acts are about one object, and a list in a question costs as much as the rest of it.
_OF_ONE = _ends_and_last(_first.c.object_id == bindparam("objects"))
_OF_MANY = _ends_and_last(_first.c.object_id.in_(bindparam("objects", expanding=True)))


class _Write:
    """An INSERT of whole rows in the words of a driver.

    What stands in these rows is ours or has been looked at by `write_entry`; to have each value looked at
    again costs a sixth of an entry.
    """

    def __init__(self, table: Table) -> None:
        self._insert = insert(table)
        self._said: dict[str, tuple[str, Sequence[str] | None]] = {}

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows. Raises: what the connection raises."""
        engine = connection.dialect.name
        if engine not in self._said:
            said = self._insert.compile(dialect=connection.dialect)
            self._said[engine] = (said.string, getattr(said, "positiontup", None))
        words, order = self._said[engine]
        values = rows if order is None else [tuple(row[name] for name in order) for row in rows]
        connection.exec_driver_sql(words, values)


_write_entries, _write_about = _Write(audit_entry), _Write(audit_about)


@dataclass
class _End:
    """The end of a log: where the next entry of its family stands, and after which about each object."""

    log: str
    origin: str
    index: int
    heads: dict[str, Head]


class SqlLog:
    """See service.ports.AuditLog. site_name: the origins of the logs begin with it."""

    def __init__(self, connection: Connection, site_name: str) -> None:
        self._db = connection
        self._site_name = site_name

    def append(self, entry: Entry, at: datetime) -> Place:
        """Write an entry in the transaction of the act; return its place."""
        return self.append_all((entry,), at)[0]

    def append_all(self, entries: Sequence[Entry], at: datetime) -> Sequence[Place]:
        """Write entries in this order, with few statements; return their places.

        Raises: Invalid, IntegrityFault as `write_entry`.
        """
        ends: dict[Family, _End] = {}
        rows: list[dict[str, Any]] = []
        about: list[dict[str, Any]] = []
        payload: list[dict[str, Any]] = []
        places, number, time = [], 0, to_text(at)
        for family in {family_of(entry.act) for entry in entries}:
            number, ends[family] = self._end(family, at, entries)
        for entry in entries:
            family = family_of(entry.act)
            end = ends[family]
            number, index = number + 1, end.index
            fields = _fields(entry, time)
            place = {"log": end.log, "idx": index}
            if entry.personal:
                payload += (kept := _kept(entry.personal, place))
                fields["pd"] = {one["field"]: _committed(one) for one in kept}
            body, heads = write_entry(fields, end.origin, index, secrets.token_bytes(SALT_BYTES), end.heads)
            end.heads.update(heads)
            end.index += 1
            rows.append({"id": number, **place, "at": time, "act": entry.act.value, "body": body})
            for id_, head in heads.items():
                about.append({"family": family.value, "object_id": id_, "n": head.n, **place})
            places.append(Place(end.origin, index))
        if rows:
            _write_entries(self._db, rows)
        if about:
            _write_about(self._db, about)
        if payload:
            self._db.execute(insert(audit_payload), payload)
        return places

    def entries(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield entries of all logs in the order of their arrival."""
        query = select(audit_entry.c.id, audit_entry.c.body).where(audit_entry.c.id > after)
        for row in self._db.execute(query.order_by(audit_entry.c.id)):
            yield int(row.id), bytes(row.body)

    def about(self, family: Family, object_id: str) -> Iterator[tuple[str, int, bytes]]:
        """Yield the entries about an object in the logs of a kind, from n = 1: log, index, stored bytes."""
        both = (audit_entry.c.log == audit_about.c.log) & (audit_entry.c.idx == audit_about.c.idx)
        query = select(audit_entry.c.log, audit_entry.c.idx, audit_entry.c.body).join_from(
            audit_about, audit_entry, both
        )
        mine = (audit_about.c.family == family.value) & (audit_about.c.object_id == object_id)
        for row in self._db.execute(query.where(mine).order_by(audit_about.c.n)):
            yield str(row.log), int(row.idx), stored_bytes(row.body)

    def place(self, family: Family, object_id: str, n: int) -> tuple[str, int] | None:
        """Return log and index of entry number n about an object, as its counter says."""
        mine = (audit_about.c.family == family.value) & (audit_about.c.object_id == object_id)
        row = self._db.execute(select(audit_about.c.log, audit_about.c.idx).where(mine, audit_about.c.n == n))
        found = row.first()
        return None if found is None else (str(found.log), int(found.idx))

    def counters(self, log: str) -> Iterator[Counter]:
        """Yield the counters that point into a log, in the order of their entries."""
        both = (_before.c.family == audit_about.c.family) & (_before.c.object_id == audit_about.c.object_id)
        one_less = _before.c.n == audit_about.c.n - 1
        here = audit_about.c
        query = select(
            here.idx, here.object_id, here.n, _before.c.log.label("before"), _before.c.idx.label("at")
        )
        query = query.join_from(audit_about, _before, both & one_less, isouter=True)
        query = query.where(here.family == log.partition("/")[0], here.log == log).order_by(here.idx)
        for row in self._db.execute(query.execution_options(yield_per=1000)):
            before = None if row.before is None else (str(row.before), int(row.at))
            yield Counter(int(row.idx), str(row.object_id), int(row.n), before)

    def counted(self) -> Sequence[tuple[str, str]]:
        """Return which kinds of log the counters name, each with the logs they point into."""
        query = select(audit_about.c.family, audit_about.c.log).distinct()
        return sorted((str(row.family), str(row.log)) for row in self._db.execute(query))

    def of_act(self, act: Act, since: datetime | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of an act that can be read and say enough, of all time or since a moment, in the
        order of arrival.
        """
        query = select(audit_entry.c.body).where(audit_entry.c.act == act.value).order_by(audit_entry.c.id)
        if since is not None:
            query = query.where(audit_entry.c.at >= to_text(since))
        for row in self._db.execute(query.execution_options(yield_per=1000)):
            with suppress(IntegrityFault):  # what cannot be read is a fault of its own
                entry = read_entry(stored_bytes(row.body))
                if says_enough(entry):  # so is what says too little
                    yield entry

    def checks(self) -> Sequence[tuple[int, datetime]]:
        """Return place in the log of custody and time of each check of the logs, in order."""
        query = select(audit_entry.c.idx, audit_entry.c.at).where(IS_CHECK).order_by(audit_entry.c.idx)
        return [(int(row.idx), from_text(row.at)) for row in self._db.execute(query)]

    def last_ok(self, act: Act) -> Mapping[str, Any] | None:
        """Return the last entry of an act with the result "ok", looked for from the end."""
        query = select(audit_entry.c.body).where(audit_entry.c.act == act.value)
        for row in self._db.execute(query.order_by(audit_entry.c.id.desc()).limit(100)):
            try:
                entry = read_entry(stored_bytes(row.body))
            except IntegrityFault:
                continue
            if entry["res"] == "ok" and says_enough(entry):
                return entry
        return None

    def verify_origin(self) -> None:
        """Verify that the log, if there is any yet, was begun under this site's name: its entries say whose
        they are, and those to come name those before. A site begins in custody; what somebody put before it
        into another log (a rebuild takes what the vault holds) makes it nobody else's.

        Raises: Unavailable("log-of-another-site").
        """
        query = select(audit_entry.c.log, audit_entry.c.body).limit(1)
        in_custody = query.where(audit_entry.c.log == _FIRST_LOG).order_by(audit_entry.c.idx)
        first = self._db.execute(in_custody).first()
        if first is None:
            first = self._db.execute(query.order_by(audit_entry.c.id)).first()
        if first is not None:
            found, wanted = read_entry(bytes(first.body))["log"], self.origin(first.log)
            if found != wanted:
                raise Unavailable("log-of-another-site", found=found, wanted=wanted)

    def origin(self, log: str) -> str:
        """Return the origin of a log: the name it has in checkpoints."""
        return f"{self._site_name}/{log}"

    def _end(self, family: Family, at: datetime, entries: Sequence[Entry]) -> tuple[int, _End]:
        """Return the greatest number of all entries, and the end of the log that a family's entries go to."""
        log = log_of(family, at)
        objects = list({id_ for one in entries if family_of(one.act) is family for _, id_ in one.objects})
        number, index, heads = 0, 0, {}
        for first in range(0, max(len(objects), 1), NAMES_AT_ONCE):
            some = objects[first : first + NAMES_AT_ONCE]
            question, which = (_OF_MANY, some) if len(some) > 1 else (_OF_ONE, (some or [_THE_LOG])[0])
            asked = {"log": log, "family": family.value, "objects": which}
            for object_id, n, there, idx in self._db.execute(question, asked).all():
                if object_id == _THE_LOG:
                    number, index = n, idx + 1
                else:
                    heads[object_id] = Head(n, idx, self.origin(there))
        return number, _End(log, self.origin(log), index, heads)


def _kept(personal: Mapping[str, object], place: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that hold personal values, each with a salt of its own."""
    return [
        {**place, "field": name, "salt": secrets.token_bytes(SALT_BYTES), "value": canonical(value).decode()}
        for name, value in sorted(personal.items())
    ]


def _committed(kept: Mapping[str, Any]) -> str:
    return commitment(kept["field"], kept["salt"], read_canonical(kept["value"].encode()))


def _fields(entry: Entry, time: str) -> dict[str, object]:
    fields: dict[str, object] = {
        "act": entry.act.value,
        "by": entry.caller,
        "facts": dict(entry.facts),
        "id": new_id(),
        "obj": [{"id": id_, "k": kind} for kind, id_ in entry.objects],
        "res": entry.result,
        "t": time,
    }
    if entry.ref is not None:
        fields["ref"] = _reference(entry.ref)
    return fields


def _reference(ref: Reference) -> dict[str, object]:
    sm3 = {} if ref.digests.sm3 is None else {"sm3": ref.digests.sm3}
    return {"sha256": ref.digests.sha256, "size": ref.size_bytes, **sm3}
