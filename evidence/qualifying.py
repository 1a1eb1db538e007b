"""Probing the object store of a site: floor 3 beside bootstrap, for it opens no site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from evidence import settings as site_settings
from evidence.adapters import qualification
from evidence.adapters.clock import SystemClock
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.keys import FileSigner
from evidence.domain.audit import Entry
from storage.opening import bucket_address
from storage.qualify import Probe, qualify


def qualify_store(data: Path) -> Iterator[Probe]:
    """Probe the object store of a site, yield each outcome, and keep the signed whole at the end; the log
    says so each time.

    An earlier pass ends where probing begins: what breaks off, however it does, has not passed.

    Raises: UnknownAddress where the vault is a folder; StoreUnavailable; Unavailable.
    """
    settings = site_settings.load(data)
    address = bucket_address(settings.vault_url)
    clock, signer = SystemClock(), FileSigner(data / "keys")
    probes: list[Probe] = []

    def keep(is_whole: bool) -> None:
        qualification.keep(data, signer, address, probes, clock.now(), is_whole=is_whole, noted=note)

    def note(entry: Entry) -> None:
        with database.writing() as unit:
            unit.log.append(entry, clock.now())

    with closing(SqlDatabase(settings.database_url, settings.name)) as database:
        database.migrate(may_begin=False)
        keep(is_whole=False)
        is_whole = False
        try:
            for probe in qualify(address, clock.now):
                probes.append(probe)
                yield probe
            is_whole = True
        finally:
            keep(is_whole)
