"""Wiring of a rebuild: the catalogue of a site made anew from its vault alone, in one transaction.

1. refuse unless the database is missing or empty, and the vault is the one of the site
2. the logs: entries, checkpoints, keys, tiles (logs.py)
3. the rows as they stand last (rows.py)
4. every recording against its signed manifest (manifests.py, recordings.py)
5. what must go on is planned anew, an act says that all this happened, and an administrator gets a link
What is damaged or missing is told and never in the way of the rest. A rebuild that breaks off leaves a
database that holds nothing, which no service takes for a site (bootstrap.build). Form of what is read:
docs/formats/log-segment.md, log-rows.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evidence import settings as site_settings
from evidence.adapters import moving as machine
from evidence.adapters.celery_bell import CeleryBell, open_queue
from evidence.adapters.db import replay
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.adapters.keys import FileSigner
from evidence.adapters.looking import few_collections
from evidence.adapters.rebuilding import Scratch
from evidence.bootstrap import lock_service, site_of, verify_not_left
from evidence.domain.access import Caller
from evidence.errors import Conflict, Invalid
from evidence.ledger import rows as row_names
from evidence.ledger.segments import Kind
from evidence.rebuilding.aftermath import Aftermath
from evidence.rebuilding.logs import Logs
from evidence.rebuilding.manifests import MANY, Manifests
from evidence.rebuilding.recordings import Restoring
from evidence.rebuilding.report import Report
from evidence.rebuilding.rows import Rows
from evidence.service.log.log_checks import piece_of
from evidence.service.moving import Teller
from evidence.service.site import Site
from evidence.settings import Settings
from storage.opening import open_vault
from storage.vault import Vault

Pieces = Mapping[str, dict[int, set[Kind]]]


def rebuild(data: Path, url: str, caller: Caller, teller: Teller) -> Report:
    """Make the catalogue of a site anew. data: its folder; url: the address of its vault, said once more.

    Raises: Invalid("not-a-site", "vault-of-another-site"), Conflict("database-not-empty",
    "vault-without-log"), Busy, Unavailable("key-file-missing"), StoreUnavailable: nothing is written then.
    """
    with lock_service(data):
        settings = site_settings.load(data)
        verify_not_left(settings)
        if machine.where(data, "vault", url) != machine.where(data, "vault", settings.vault):
            raise Invalid("vault-of-another-site", named=machine.where(data, "vault", url))
        vault = open_vault(settings.vault_url, immutable=settings.immutable)
        teller.begin("rebuild-list", 0, 0)
        pieces, serials = _list(vault)
        if not pieces:
            raise Conflict("vault-without-log", vault=machine.where(data, "vault", url))
        FileSigner(data / "keys")  # manifests are read by its verifier keys: without them nothing is begun
        database = _open_empty(settings)
        try:
            site = site_of(settings, database, vault, CeleryBell(open_queue()))
            return _Rebuild(settings, site, database, pieces, serials, teller).run(caller)
        finally:
            database.close()


def _list(vault: Vault) -> tuple[Pieces, set[int]]:
    """Return the pieces of each log by size, and the serials of the pieces of rows."""
    pieces: dict[str, dict[int, set[Kind]]] = {}
    serials: set[int] = set()
    for one in vault.census("log/"):
        if (piece := piece_of(one.key)) is not None:
            pieces.setdefault(piece.log, {}).setdefault(piece.size, set()).add(piece.kind)
        elif one.key.startswith(row_names.PREFIX):
            try:
                serials.add(row_names.serial_of(one.key))
            except Invalid:
                continue  # a stranger's; `evidence log fsck` tells
    return pieces, serials


def _open_empty(settings: Settings) -> SqlDatabase:
    """Open the database of a site that has none. Raises: Conflict("database-not-empty")."""
    url = settings.database_url
    place = machine.where(settings.data, "database", settings.database)
    if url.startswith("sqlite:") and machine.is_foreign_file(url):
        raise Conflict("database-not-empty", database=place)
    is_new = url.startswith("sqlite:") and not machine.sqlite_file(url).exists()
    database = SqlDatabase(url, settings.name)
    try:
        if not is_new and not replay.is_empty(database):
            raise Conflict("database-not-empty", database=place)
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database


class _Rebuild:
    """One rebuild."""

    def __init__(
        self, settings: Settings, site: Site, database: SqlDatabase, pieces: Pieces, serials: set[int],
        teller: Teller,
    ) -> None:  # fmt: skip
        self._settings, self._site, self._database = settings, site, database
        self._pieces, self._serials, self._teller = dict(pieces), serials, teller
        self._report = Report()

    def run(self, caller: Caller) -> Report:
        """Take the steps."""
        data = self._settings.data
        are_many = sum(max(found) for found in self._pieces.values()) >= MANY
        scratch = Scratch(data / "scratch" / "rebuild.db")
        manifests = Manifests(self._settings.vault_url, data / "keys", data / "scratch", are_many)
        try:
            with few_collections(), self._database.filling() as unit:
                self._restore(unit, scratch, manifests)
                Aftermath(self._site, unit, self._report).settle(caller)
        finally:
            manifests.close()
            scratch.close()
        return self._report

    def _restore(self, unit: SqlUnitOfWork, scratch: Scratch, manifests: Manifests) -> None:
        vault, report, teller = self._site.vault, self._report, self._teller
        replay.begin(unit)
        teller.begin("rebuild-logs", 0, 0)
        Logs(vault, unit, scratch, report).restore(self._pieces, self._settings.name, teller)
        teller.begin("rebuild-rows", 0, 0)
        rows = Rows(vault, unit, scratch, report)
        rows.read(self._serials, self._site.clock, teller)
        rows.write(self._site.clock, teller)
        teller.begin("rebuild-recordings", 0, 0)
        Restoring(self._site, unit, scratch, report).restore(manifests, teller)
        rows.write_late()
