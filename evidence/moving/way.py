"""Both ends of a move: what the operator asked for, read, checked and opened.

Every refusal here comes before anything is written, but for a bucket or folder that is made where none is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from evidence.adapters import moving as machine
from evidence.adapters import qualification, site_file
from evidence.adapters.celery_bell import EMBEDDED
from evidence.adapters.clock import SystemClock
from evidence.adapters.db import whole
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.keys import FileSigner
from evidence.errors import Conflict, Invalid, Unavailable
from evidence.settings import Settings, reason_of
from storage.opening import bucket_address, open_vault, prepare_vault
from storage.qualify import Probe, qualify
from storage.vault import Vault

ENGINES = ("database", "vault", "broker")
EMBEDDED_WORD = "embedded"
Heard = Callable[[Probe], object]


@dataclass
class Way:
    """Both ends of a move."""

    old: Settings
    new: Settings
    changed: Mapping[str, tuple[str, str]]
    probes: list[Probe] = field(default_factory=list)  # of a new store, where the old one has an outcome too

    @property
    def data(self) -> Path:
        return self.old.data

    def is_new(self, engine: str) -> bool:
        return engine in self.changed


class Form:
    """One form of the site, open: its database and its vault."""

    def __init__(self, settings: Settings, vault: Vault | None = None) -> None:
        self.settings, self.database = settings, SqlDatabase(settings.database_url, settings.name)
        self._vault = vault

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            self._vault = open_vault(self.settings.vault_url, immutable=self.settings.immutable)
        return self._vault

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()


def plan(in_force: Settings, wanted: Mapping[str, str]) -> Way:
    """Return both ends. The old one is what the site's file names; what the environment names beside it is
    where the site goes, as far as no option says so.

    Raises: Invalid for what cannot stand in the site's file, or would not be in force.
    """
    data = in_force.data
    said: dict[str, Any] = dict(site_file.values(data))
    old = in_force.model_copy(update={name: str(said.get(name, "")) for name in ENGINES})
    named = {name: getattr(in_force, name) for name in ENGINES}
    values = {name: url for name, url in named.items() if url and url != getattr(old, name)}
    values |= wanted
    values = {name: "" if url in (EMBEDDED_WORD, EMBEDDED) else url for name, url in values.items()}
    for name, url in values.items():
        machine.verify_holds_no_password(name, url)
    if values.get("vault") == "memory:":
        raise Invalid("settings-wrong", setting="vault", reason="memory: keeps nothing")
    if _differs(old, values, "vault") and not _differs(old, values, "database"):
        values["database"] = _fresh_database(old)
    changes: dict[str, str | bool] = {
        name: url for name, url in values.items() if _differs(old, values, name)
    }
    if str(changes.get("vault", "")).startswith("s3:") and old.immutable:
        changes["immutable"] = False  # a flag of files
    try:
        new = Settings(data=data, **{**said, **changes})
    except (ValidationError, TypeError) as problem:
        raise Invalid("settings-wrong", reason=reason_of(problem)) from None
    if any(getattr(new, name) != changes.get(name, getattr(old, name)) for name in ENGINES):
        raise Invalid("engines-in-environment")
    changed = {name: (where(old, name), where(new, name)) for name in ENGINES if name in changes}
    return Way(old, new, changed)


def _differs(old: Settings, values: Mapping[str, str], name: str) -> bool:
    return name in values and machine.where(old.data, name, values[name]) != where(old, name)


def where(settings: Settings, name: str) -> str:
    return machine.where(settings.data, name, getattr(settings, name))


def _fresh_database(old: Settings) -> str:
    """Return the address of a catalogue for another vault: versions change, and the old one stays as it is.

    Raises: Invalid("move-needs-database") where only the operator can make one.
    """
    if not old.database_url.startswith("sqlite:"):
        raise Invalid("move-needs-database")
    here = SqlDatabase(old.database_url, old.name)
    try:
        for number in count(2):
            file = old.data.absolute() / f"evidence-{number}.db"
            url = f"sqlite:///{quote(str(file))}"
            if not file.exists() or standing(here, url, old.name)[0] is not whole.Standing.FOREIGN:
                return url
    finally:
        here.close()
    raise AssertionError("count ends never")


def standing(old: SqlDatabase, url: str, name: str) -> tuple[whole.Standing, str | None]:
    """Tell what a database holds, leaving it as it is. A SQLite file that is not there is not made."""
    if url.startswith("sqlite:"):
        if machine.is_foreign_file(url):
            return whole.Standing.FOREIGN, None
        if not machine.sqlite_file(url).exists():
            return whole.Standing.EMPTY, None
    new = SqlDatabase(url, name)
    try:
        return whole.standing(old, new)
    finally:
        new.close()


def prepared(way: Way, old: Form, heard: Heard) -> Form:
    """See that the new engines are fit, and empty or ours; open them. Nothing of the site is written yet.

    Raises: Conflict("target-not-empty", "target-was-left"), Unavailable("store-not-qualified"),
    StoreUnavailable.
    """
    old.database.migrate()
    if standing(old.database, way.new.database_url, way.old.name)[0] is whole.Standing.FOREIGN:
        at = way.changed["database"][1]
        code = "target-was-left" if at in site_file.left(way.data) else "target-not-empty"
        raise Conflict(code, engine="database", at=at)
    if not way.is_new("vault"):
        return Form(way.new, old.vault)
    if way.new.vault_url.startswith("s3:"):
        _qualify(way, old, heard)
    prepare_vault(way.new.vault_url)
    return Form(way.new)


def _qualify(way: Way, old: Form, heard: Heard) -> None:
    """Probe a store that has no passing outcome yet, and keep it where the old form needs none of its own."""
    address, clock, signer = bucket_address(way.new.vault_url), SystemClock(), FileSigner(way.data / "keys")
    with old.database.reading() as unit:
        known = qualification.newest(unit, address)
    try:
        qualification.verify(way.data, signer, address, clock.now(), known)
    except Unavailable:
        probes = []
        for probe in qualify(address, clock.now):
            probes.append(probe)
            heard(probe)
        if broken := [one.name for one in probes if one.stands_in_the_way]:
            store = f"s3://{address.host}"
            raise Unavailable("store-not-qualified", store=store, reason="failed", probes=broken) from None
        if way.old.vault_url.startswith("s3:"):
            way.probes = probes
        else:
            qualification.keep(way.data, signer, address, probes, clock.now())
