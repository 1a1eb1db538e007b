"""A catalogue of many recordings, written straight into the tables: two years of an agency with 200 units.

Each recording has the rows that lists and reports read: upload, announced file, recording, standing, current
examinations ("sequence" and "deadline"; of "probe" and "deep" nothing is read here). One in ten has a gap,
half of these are explained; one in twenty came late. Of what is past its year most is destroyed; what is left
is kept by a case, a hold or a missing label, or is due. There is no vault, and next to nothing in the log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zlib import crc32

from sqlalchemy import Engine

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.noted_lines import note_of
from evidence.domain.subjects import finding_subject, name_told

UNITS, WEARERS = 200, 10  # wearers: of each unit, with a recorder each
YEARS = timedelta(days=730)
MISSING = 2_000
_AT_ONCE, _ON_A_CARD = 50_000, 20
_TABLES = (
    *("unit", "person", "account", "device"),
    *("card", "upload", "recording", "standing", "announced", "examination", "finding"),
    *("gap", "explanation", "case_file", "case_term", "case_recording", "hold"),
)
_DERIVED = ("search_row", "search_code")  # what the program writes beside (repositories/search_rows.py)
_WITHIN = timedelta(hours=24)
_PACK = {"policy_id": "dazhe-2020", "policy_version": "1"}
_TOLD = {"case-number": "杭1", "inspected-party": "甲", "officer": "012345", "time": "2026-01-01"}
_LABELS = json.dumps(_TOLD, ensure_ascii=False)

Row = dict[str, Any]
Write = Callable[[str, list[str], list[tuple[Any, ...]]], None]


def id_of(what: str, number: int) -> str:
    """Return an id that is the same each time, in no order, as ids are."""
    return sha256(f"{what} {number}".encode()).hexdigest()[:32]


def is_among(percent: int, number: int, what: str) -> bool:
    """Tell whether a recording is one of so many in a hundred, whichever, and the same each time."""
    return crc32(f"{what} {number}".encode()) % 100 < percent


def to_text(instant: datetime) -> str:
    """Write an instant as domain/instants.py does, in half the time; of years with four digits, in UTC."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def is_closed(case: int) -> bool:
    """Tell whether a case is closed: three in ten."""
    return case % 10 < 3


@dataclass
class MadeCatalogue:
    """Fills an empty, migrated database. now: the end of the two years. missing: files that never came."""

    database: SqlDatabase
    now: datetime
    recordings: int
    cases: int
    missing: int = MISSING
    _rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in (*_TABLES, *_DERIVED)})

    def __post_init__(self) -> None:
        self._linked = {one: case for case in range(self.cases) for one in self._of_case(case)}
        self._held = {self._held_of(case) for case in range(0, self.cases, 10)}

    def _of_case(self, case: int) -> list[int]:
        return [(case * 5 + place * self.recordings // 4) % self.recordings for place in range(4)]

    def _held_of(self, case: int) -> int:
        return (case * 5 + 1) % self.recordings

    def make(self) -> None:
        """Make everything, past SQLAlchemy, and past what notes rows for the vault; nothing is synced."""
        with self.database.writing() as unit:
            unit.log.append(Entry(Act.START, "service"), self.now - YEARS)
        is_server = self.database.engine.dialect.name == "postgresql"
        with (_on_a_server if is_server else _in_a_file)(self.database.engine) as write:
            for rows in self._portions():
                for table, some in rows.items():
                    if some:
                        write(table, list(some[0]), [tuple(row.values()) for row in some])
        if self.database.engine.dialect.name == "postgresql":  # what autovacuum would have done by then
            with self.database.engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE")

    def _portions(self) -> Iterator[dict[str, list[Row]]]:
        """Yield all rows by table, so many recordings at once."""
        yield self._people()
        for first in range(0, self.recordings, _AT_ONCE):
            for number in range(first, min(first + _AT_ONCE, self.recordings)):
                self._record(number)
            yield self._taken()
        for case in range(self.cases):
            self._case(case)
        for number in range(self.missing):
            self._miss(number)
        yield self._taken()

    def _taken(self) -> dict[str, list[Row]]:
        taken, self._rows = self._rows, {name: [] for name in (*_TABLES, *_DERIVED)}
        return taken

    def unit_id(self, number: int) -> str:
        """Return the id of a unit."""
        return id_of("unit", number)

    def _sealed(self, number: int) -> datetime:
        return self.now - YEARS + number * (YEARS / self.recordings)

    def _people(self) -> dict[str, list[Row]]:
        at, top = to_text(self.now - YEARS), id_of("agency", 0)
        devices = list[Row]()
        units = [{"id": top, "parent_id": None, "name": "局", "path": f"/{top}/", "created_at": at}]
        people = []
        for unit in range(UNITS):
            id_ = self.unit_id(unit)
            path = f"/{top}/{id_}/"
            units.append({"id": id_, "parent_id": top, "name": f"{unit}所", "path": path, "created_at": at})
            for wearer in range(unit * WEARERS, (unit + 1) * WEARERS):
                devices.append(
                    {
                        "id": id_of("device", wearer),
                        "serial": f"DSJ{wearer:08}",
                        "class": "body-camera",
                        "unit_id": id_,
                        "registered_at": at,
                    }  # fmt: skip
                )
                people.append(
                    {
                        "id": id_of("person", wearer),
                        "number": f"{wearer:06}",
                        "name": "某人",
                        "type": "officer",
                        "unit_id": id_,
                        "created_at": at,
                    }  # fmt: skip
                )
        dock = {"id": id_of("dock", 0), "role": "dock", "name": "dock", "token_sha256": "-", "created_at": at}
        return {"unit": units, "person": people, "account": [dock], "device": devices}

    def _record(self, number: int) -> None:
        id_, wearer = id_of("recording", number), self._wearer(number)
        sealed = self._sealed(number)
        ended = sealed - timedelta(hours=30 if is_among(5, number, "late") else 2)
        origin = self._origin(number, wearer, ended, "{}" if is_among(8, number, "bare") else _LABELS)
        at, upload = to_text(sealed), id_of("upload", number)
        kept_until, is_gone = self._kept(number, sealed)
        digest = sha256(id_.encode()).hexdigest()
        digests = {"sha256": digest, "sm3": digest}
        self._add("upload", **origin, **digests, id=upload, account_id=id_of("dock", 0), card_id=None,
                  declared_sha256=None, offset=1, state="sealed", recording_id=id_, problem=None,
                  created_at=at, expires_at=at, completed_at=at)  # fmt: skip
        self._add("recording", **origin, **digests, id=id_, upload_id=upload, card_id=None, sealed_at=at,
                  retain_until=to_text(kept_until), **_PACK,
                  data_key=f"recordings/{id_}/data", data_version="1", manifest_version="1",
                  manifest_key=f"recordings/{id_}/manifest.json", manifest_sha256=digest,
                  receipt=b"r" * 600, ended_at=to_text(ended), checked_at=at, check_result="ok",
                  gone_at=at if is_gone else None)  # fmt: skip
        self._add("standing", recording_id=id_, unit_id=self.unit_id(wearer // WEARERS),
                  person_id=id_of("person", wearer), commander_id=None, classification="ordinary",
                  under_transfer=False, on_hold=False)  # fmt: skip
        self._announce(number, origin, ended, id_)
        start = ended - timedelta(minutes=10)
        facts = f'{{"start": "{to_text(start)}", "end": "{to_text(ended)}", "certain": true}}'
        judged = self._examine(number, id_, "deadline", "{}", at)
        examination = self._examine(number, id_, "sequence", facts, at)
        has_gap, is_bare = is_among(10, number, "gap"), is_among(8, number, "bare")
        bodies = list[Row]()
        if has_gap:
            bodies.append(self._gap(number, id_, examination, origin))
        if sealed - ended > _WITHIN:
            bodies.append(self._late(number, id_, judged, origin, sealed - ended))
        codes = [Code(body["code"]) for body in bodies]
        for code in codes:
            self._add("search_code", code=code.value, at=to_text(ended), recording_id=id_)
        told = {} if is_bare else _TOLD
        took = sealed - ended
        self._add("search_row", recording_id=id_, at=to_text(ended), unit_id=self.unit_id(wearer // WEARERS),
                  person_id=id_of("person", wearer), device=origin["device"], wearer=origin["wearer"],
                  case_number=told.get("case-number"), due=None, party=told.get("inspected-party"),
                  classification="ordinary", is_bare=is_bare, is_held=number in self._held, is_gone=is_gone,
                  codes="".join(f" {code.value} " for code in codes), seen_at=to_text(self._heard(ended)),
                  sealed_at=at, counted_from=to_text(ended), took_us=took // timedelta(microseconds=1),
                  is_late=Code.LATE in codes,
                  lines=note_of(origin["device"], origin["name"], bodies))  # fmt: skip

    def _kept(self, number: int, sealed: datetime) -> tuple[datetime, bool]:
        """Return until when a recording is locked, and whether it is destroyed: nearly all that could be."""
        case, year = self._linked.get(number), timedelta(days=366)
        if case is not None and is_closed(case):
            return self.now - YEARS + 10 * year, False
        is_kept = case is not None or number in self._held or is_among(8, number, "bare")
        is_over = sealed + year < self.now
        return sealed + year, is_over and not is_kept and is_among(98, number, "gone")

    def _wearer(self, number: int) -> int:
        return number % UNITS * WEARERS + number // UNITS % WEARERS

    def _origin(self, number: int, wearer: int, ended: datetime, labels: str) -> Row:
        name = f"DCIM/{number:08}.mp4"
        return {"device": f"DSJ{wearer:08}", "wearer": f"{wearer:06}", "name": name, "size": 1,
                "name_sha256": sha256(name.encode()).hexdigest(), "modified_at": to_text(ended),
                "clock_offset_ms": 0, "labels": labels}  # fmt: skip

    def _announce(self, number: int, origin: Row, ended: datetime, recording_id: str | None) -> None:
        card, at = id_of("card", number // _ON_A_CARD), to_text(self._heard(ended))
        same = {key: origin[key] for key in ("device", "wearer", "clock_offset_ms")}
        if number % _ON_A_CARD == 0:
            self._add("card", **same, labels="{}", id=card, account_id=id_of("dock", 0), announced_at=at)
        rest = {key: origin[key] for key in ("name", "name_sha256", "size", "modified_at")}
        self._add("announced", **same, **rest, id=id_of("announced", number), card_id=card, announced_at=at,
                  recording_id=recording_id)  # fmt: skip

    def _heard(self, ended: datetime) -> datetime:
        return ended + timedelta(hours=1)

    def _examine(self, number: int, recording_id: str, kind: str, facts: str, at: str) -> str:
        id_ = id_of(kind, number)
        self._add("examination", id=id_, scope_kind="recording", scope_id=recording_id, kind=kind, at=at,
                  **_PACK, facts=facts, current=True)  # fmt: skip
        return id_

    def _late(self, number: int, recording_id: str, examination: str, origin: Row, took: timedelta) -> Row:
        found = Finding(Code.LATE, Severity.BREACH, origin["name"], measured=took.total_seconds(),
                        limit=_WITHIN.total_seconds(), cites=("dazhe-2020:12",),
                        detail={"unit": "s", "late_by_s": (took - _WITHIN).total_seconds()})  # fmt: skip
        body = found.as_json()
        self._add("finding", id=id_of("late", number), examination_id=examination, recording_id=recording_id,
                  device=origin["device"], code=found.code.value, severity=found.severity.value,
                  body=json.dumps(body, ensure_ascii=False),
                  subject=name_told(origin["device"], body))  # fmt: skip
        return body

    def _gap(self, number: int, recording_id: str, examination: str, origin: Row) -> Row:
        length = float(number % 97 + 2)
        found = Finding(Code.GAP_BETWEEN_FILES, Severity.ATTENTION, origin["name"], 600.0, 600.0 + length,
                        length, 1.0, ("dazhe-2020:9.1",), {"before": origin["name"]})  # fmt: skip
        body, finding = found.as_json(), id_of("finding", number)
        subject, at = finding_subject(origin["device"], body), to_text(self._sealed(number))
        self._add("finding", id=finding, examination_id=examination, recording_id=recording_id,
                  device=origin["device"], code=found.code.value, severity=found.severity.value,
                  body=json.dumps(body, ensure_ascii=False), subject=subject.name)  # fmt: skip
        if is_among(50, number, "explained"):
            start, end, size = subject.place.parts()
            self._add("gap", name=subject.name, kind=subject.kind, part="interruptions",
                      code=found.code.value, device=origin["device"], file=origin["name"],
                      recording_id=recording_id, wearer=origin["wearer"], start_ms=start, end_ms=end,
                      length_ms=size)  # fmt: skip
            is_done = is_among(50, number, "accepted")
            reviewed = (
                {"outcome": "accepted", "reviewed_by": "operator", "reviewed_at": at} if is_done else {}
            )
            empty = dict.fromkeys(("outcome", "reviewed_by", "reviewed_at"))
            self._add("explanation", **{**empty, **reviewed}, id=id_of("explanation", number),
                      gap=subject.name, finding_id=finding, cause="battery", text="没电", author="operator",
                      at=at)  # fmt: skip
        return body

    def _case(self, case: int) -> None:
        """Four recordings to a case; seven in ten are open, the rest closed, with a class."""
        id_, at = id_of("case", case), to_text(self.now - YEARS)
        closed = at if is_closed(case) else None
        self._add("case_file", id=id_, number=f"案{case}", unit_id=self.unit_id(case % UNITS), opened_at=at,
                  closed_at=closed)  # fmt: skip
        if closed:
            self._add("case_term", id=id_of("term", case), case_id=id_, term="10-years",
                      given_by="operator", given_at=at)  # fmt: skip
        for place, number in enumerate(self._of_case(case)):
            self._add("case_recording", id=id_of("link", case * 4 + place), case_id=id_,
                      linked_by="operator", recording_id=id_of("recording", number), linked_at=at,
                      ended_at=None)  # fmt: skip
        if case % 10 == 0:
            number = self._held_of(case)
            self._add("hold", id=id_of("hold", case), recording_id=id_of("recording", number),
                      ground="objection", reason="投诉", placed_by="operator", placed_at=at,
                      released_at=None, settled=True)  # fmt: skip

    def _miss(self, number: int) -> None:
        """A file that a card's list names, and that never came."""
        ended = self.now - YEARS / self.missing * number
        wearer = number % (UNITS * WEARERS)
        origin = self._origin(self.recordings + number, wearer, ended, "{}")
        self._announce(self.recordings + number, origin, ended, None)

    def _add(self, table: str, **row: Any) -> None:
        self._rows[table].append(row)


@contextmanager
def _in_a_file(engine: Engine) -> Iterator[Write]:
    """Open a transaction that nothing brings back, without triggers; indexes are made at its end."""
    engine.dispose()
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as connection:
        cursor = connection.cursor()
        for mode in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1048576"):
            cursor.execute(f"PRAGMA {mode}")
        cursor.execute("BEGIN EXCLUSIVE")
        cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        rest = [one for one in cursor.fetchall() if _is_left_out(*one[:3])]
        for kind, name, _, _ in rest:
            cursor.execute(f"DROP {kind} {name}")

        def write(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
            named, places = ", ".join(f'"{one}"' for one in columns), ", ".join("?" * len(columns))
            cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', rows)

        yield write
        for *_, said in rest:
            cursor.execute(said)
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA journal_mode = WAL")


def _is_left_out(kind: str, name: str, table: str) -> bool:
    return kind == "trigger" and name.endswith("noted") or kind == "index" and table in (*_TABLES, *_DERIVED)


@contextmanager
def _on_a_server(engine: Engine) -> Iterator[Write]:
    """Open a transaction without triggers."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_noted")

        def write(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
            named = ", ".join(f'"{one}"' for one in columns)
            with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)

        yield write
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_noted")
        cursor.execute("COMMIT")
