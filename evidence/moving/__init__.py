"""Wiring of a move: the old form, the new one, and the steps between them (evidence/service/moving.py).

Beside bootstrap.py, because it opens two forms of one site. Nothing that holds a password is written or told.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from evidence import settings as site_settings
from evidence.adapters import moving as machine
from evidence.adapters import qualification, site_file
from evidence.adapters.celery_bell import EMBEDDED, CeleryBell, open_queue
from evidence.adapters.clock import SystemClock
from evidence.adapters.db import users, whole
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.adapters.keys import FileSigner
from evidence.bootstrap import lock_service, site_of
from evidence.domain.access import Caller
from evidence.domain.addresses import holds_password, place
from evidence.domain.audit import Act, Entry
from evidence.errors import Conflict
from evidence.moving.way import ENGINES, Form, Heard, Way, plan, prepared, standing, where
from evidence.service.moving import EARLIEST, Account, Moving, Teller
from evidence.settings import Settings
from storage.copying import Copier
from storage.opening import bucket_address


@dataclass
class Moved:
    """What a move has done. changed: engine → (from, to), without secrets; empty: there was nothing to do."""

    changed: Mapping[str, tuple[str, str]]
    account: Account = field(default_factory=Account)
    rows: Mapping[str, int] = field(default_factory=dict)
    checked: int = 0
    older_file: Path | None = None
    verify_old: str = ""


def move(
    data: Path,
    wanted: Mapping[str, str],
    caller: Caller,
    teller: Teller,
    *,
    with_damaged: bool = False,
    heard: Heard = lambda _probe: None,
) -> Moved:
    """Move a site to other engines. wanted: engine → address, or "embedded".

    Raises: Invalid, Busy, Conflict("target-not-empty", "site-changed"), Unavailable, IntegrityFault; storage
    errors. The old form serves on then.
    """
    with ExitStack() as held:
        held.enter_context(lock_service(data))
        site_file.note_left(data, machine.older_stores(data), frozenset())
        way = plan(site_settings.load(data), wanted)
        if not way.changed:
            return Moved({})
        users.verify_unused(way.old.database_url)
        old = held.enter_context(Form(way.old))
        if way.old.broker_url != EMBEDDED:
            users.verify_no_live_job(old.database, SystemClock().now())
        machine.verify_answers(way.new.broker_url)
        if not way.is_new("database"):
            assert not way.is_new("vault"), "another vault brings another catalogue"
            return _move_queue(way, old)
        new = held.enter_context(prepared(way, old, heard))
        return _carry(way, old, new, caller, teller, with_damaged)


def _carry(way: Way, old: Form, new: Form, caller: Caller, teller: Teller, with_damaged: bool) -> Moved:
    """Take the steps 2 to 6 of evidence/service/moving.py."""
    notes, clock = machine.Notes(), SystemClock()
    bell = CeleryBell(open_queue())  # a move rings for nobody
    copier = None
    if way.is_new("vault"):
        earliest = (lambda: clock.now() + EARLIEST) if way.new.vault_url.startswith("s3:") else None
        copier = Copier(old.vault, new.vault, way.data / "scratch", earliest)
    moving = Moving(
        old=site_of(way.old, old.database, old.vault, bell),
        new=site_of(way.new, new.database, new.vault, bell),
        copier=copier,
        versions=notes,
        teller=teller,
        with_damaged=with_damaged,
    )
    if copier is not None:
        moving.verify_room()
        moving.survey()
        moving.carry_vault()
    change = _change(notes)
    wanted = _carry_catalogue(way, old, new, moving, change)
    checked = moving.verify(caller)
    older = _switch(way, old, change, wanted)
    return Moved(way.changed, moving.account, wanted.rows, checked, older, _verify_old(way.old))


def _change(notes: machine.Notes) -> whole.Change:
    def change(table: str, row: whole.Row) -> None:
        if table == "recording":
            for part in ("data", "manifest"):
                row[f"{part}_version"] = notes.of(row[f"{part}_key"]) or row[f"{part}_version"]
        elif table == "job" and row["state"] == "running":  # whoever had it in hand is gone
            row.update(state="queued", owner=None, lease_until=None)

    return change


def _carry_catalogue(way: Way, old: Form, new: Form, moving: Moving, change: whole.Change) -> whole.Contents:
    """Copy the catalogue, or adopt the one that an earlier attempt has copied, if it says the same."""
    moving.teller.begin("catalogue", 0, 0)
    found, noted = standing(old.database, way.new.database_url, way.old.name)
    if found is whole.Standing.OURS:
        with old.database.reading() as unit:
            wanted = whole.contents(unit, change)
        if wanted.sha256 == noted:
            return wanted
    if found is whole.Standing.FOREIGN:
        raise Conflict("target-not-empty", engine="database", at=way.changed["database"][1])
    new.database.migrate()
    if found is whole.Standing.OURS:  # the site has gone on since: begin anew
        whole.clear(new.database)
        new.database.migrate()

    def record(unit: SqlUnitOfWork, written: whole.Contents) -> None:
        facts = {**_facts(way), "rows": sum(written.rows.values()), "rows_sha256": written.sha256}
        moving.record(unit, facts, SystemClock().now())

    return whole.copy(old.database, new.database, change, record)


def _facts(way: Way) -> dict[str, object]:
    return {
        "from": {name: where(way.old, name) for name in ENGINES},
        "to": {name: where(way.new, name) for name in ENGINES},
    }


def _move_queue(way: Way, old: Form) -> Moved:
    """Only the queue is another: it holds nothing. The catalogue stays, with one more entry in its log."""
    facts = _facts(way)
    with old.database.writing() as unit:
        last = whole.last_entry(unit)
        if last is None or last["act"] != Act.MOVE or last["facts"] != facts:  # else: a crash came here
            unit.log.append(Entry(Act.MOVE, "operator", facts=facts), SystemClock().now())
    return Moved(way.changed, older_file=_replace(way), verify_old=_verify_old(way.old))


def _switch(way: Way, old: Form, change: whole.Change, wanted: whole.Contents) -> Path:
    """Look once more that nobody has used the old form, and that it says what was copied; then switch.

    Raises: Busy("site-in-use"), Conflict("site-changed").
    """
    old.database.close()
    users.verify_unused(way.old.database_url)
    with old.database.writing() as unit:  # nobody writes into it between the look and the switch
        if whole.contents(unit, change) != wanted:
            raise Conflict("site-changed")
        return _replace(way)


def _replace(way: Way) -> Path:
    data, clock = way.data, SystemClock()
    engines = {name: getattr(way.new, name) for name in way.changed}
    if way.new.database_url.startswith("sqlite:"):
        site_file.sync(machine.sqlite_file(way.new.database_url).parent)
    flags = {"immutable": False} if way.old.immutable and not way.new.immutable else {}
    older = site_file.switch(data, {**engines, **flags}, clock.now())
    before, after = (
        machine.stores(data, settings.database, settings.vault) for settings in (way.old, way.new)
    )
    site_file.note_left(data, before - after, after)
    if way.probes:
        address = bucket_address(way.new.vault_url)
        qualification.keep(data, FileSigner(data / "keys"), address, way.probes, clock.now())
    return older


def _verify_old(old: Settings) -> str:
    """Return the command that verifies the form that was left. An address with a password is its place."""
    urls = {name: getattr(old, name) for name in ENGINES}
    shown = {name: place(url) if url and holds_password(url) else url for name, url in urls.items()}
    words = [f"EVIDENCE_{name.upper()}={shlex.quote(url)}" for name, url in shown.items()]
    return " ".join([*words, "evidence verify --data", shlex.quote(str(old.data))])
