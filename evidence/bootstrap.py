"""Settings → Application: the only place that joins the parts. Doors come here and nowhere else."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from celery import Celery

from evidence import settings as site_settings
from evidence.adapters.celery_bell import CeleryBell, open_queue
from evidence.adapters.clock import SystemClock
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.digesting import OneDigest, TwoDigests
from evidence.adapters.keys import FileSigner, make_key
from evidence.adapters.originals import VaultOriginals
from evidence.adapters.packs import load_pack, shipped_packs
from evidence.adapters.prober import SandboxedProber
from evidence.errors import Busy, Invalid, Unavailable
from evidence.service.accounts import Accounts
from evidence.service.cards import Cards
from evidence.service.catalogue import Terms
from evidence.service.deadlines import Deadlines
from evidence.service.fixity import Fixity
from evidence.service.recordings import Recordings
from evidence.service.reports import Reports
from evidence.service.site import Site
from evidence.service.uploads import Uploads
from evidence.service.work import Work
from evidence.settings import Settings
from storage.opening import open_vault
from storage.staging_folder import FolderStaging


@dataclass(frozen=True)
class Application:
    """All use cases of one site, ready."""

    settings: Settings
    site: Site
    queue: Celery
    accounts: Accounts
    cards: Cards
    uploads: Uploads
    recordings: Recordings
    deadlines: Deadlines
    reports: Reports
    fixity: Fixity
    fixity_pass: Fixity  # the same, throttled, for the endless pass in the background
    work: Work


def build(data: Path, *, is_new: bool = False) -> Application:
    """Open the site in a data folder. Raises: Invalid, Unavailable, PolicyError.

    Only a new site may have no database: a lost one must not look like a site without recordings.
    """
    settings = site_settings.load(data)
    if not is_new and not settings.database and not (data / "evidence.db").is_file():
        raise Unavailable("database-missing", folder=str(data))
    database = SqlDatabase(settings.database_url)
    database.migrate()
    if settings.vault_url == "memory:":
        raise Invalid("settings-wrong", file=str(data / site_settings.FILE), reason="memory: keeps nothing")
    vault = open_vault(settings.vault_url, immutable=settings.immutable)
    scratch = data / "scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    queue = open_queue()
    site = Site(
        database=database,
        vault=vault,
        staging=FolderStaging(data / "staging"),
        clock=SystemClock(),
        signer=FileSigner(data / "keys"),
        policies=load_pack(settings.policy),
        prober=SandboxedProber(),
        originals=VaultOriginals(vault, scratch),
        bell=CeleryBell(queue),
        new_digests=TwoDigests if settings.sm3 else OneDigest,
        terms=Terms(
            upload_rest=timedelta(hours=settings.upload_rest_hours),
            first_check=timedelta(hours=settings.first_check_hours),
            next_check=timedelta(days=settings.next_check_days),
            sm3=settings.sm3,
            deep=settings.deep,
        ),
    )
    return _application(settings, site, queue)


def _application(settings: Settings, site: Site, queue: Celery) -> Application:
    uploads = Uploads(site)
    return Application(
        settings=settings,
        site=site,
        queue=queue,
        accounts=Accounts(site),
        cards=Cards(site),
        uploads=uploads,
        recordings=Recordings(site),
        deadlines=Deadlines(site),
        reports=Reports(site),
        fixity=Fixity(site),
        fixity_pass=Fixity(site, _Throttle(settings.check_mib_per_s << 20)),
        work=Work(site, uploads),
    )


def initialise(data: Path, policy: str, name: str, sm3: bool) -> tuple[str, str]:
    """Make a new site; return the administrator's token (shown once) and the verifier key.

    Raises: Invalid("folder-not-empty") when the folder holds anything; PolicyError for an unknown pack.
    """
    if not re.fullmatch(site_settings.NAME, name):
        raise Invalid("invalid-name", name=name)
    load_pack(policy)
    policy = policy if policy in shipped_packs() else str(Path(policy).absolute())
    data.mkdir(parents=True, exist_ok=True)
    if any(data.iterdir()):
        raise Invalid("folder-not-empty", folder=str(data))
    data.chmod(0o750)  # noqa: S103 (the group reads: a backup account)
    for folder, mode in (("keys", 0o700), ("vault", 0o750), ("staging", 0o750)):
        (data / folder).mkdir(mode=mode)
    verifier = make_key(data / "keys", name)
    # JSON's way to write a text is TOML's, but for one control character.
    quoted = json.dumps(policy, ensure_ascii=False).replace("\x7f", "\\u007f")
    text = f'name = "{name}"\npolicy = {quoted}\nsm3 = {str(sm3).lower()}\n'
    with (data / site_settings.FILE).open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    application = build(data, is_new=True)
    _sync_folders(data)
    return application.accounts.open_site(), verifier


def _sync_folders(data: Path) -> None:
    """Make the new site's folders durable, its own name in its parent too (drill F32)."""
    for folder in (data / "keys", data / "vault", data / "staging", data, data.parent):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def lock_service(data: Path) -> IO[str]:
    """Take the site's service lock, held until the returned file is closed. Raises: Busy("service-
    running").
    """
    if not (data / site_settings.FILE).is_file():
        raise Invalid("not-a-site", folder=str(data))
    file = (data / "service.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        file.close()
        raise Busy("service-running", folder=str(data)) from problem
    return file


class _Throttle:
    """Sleeps so that reading back stays below a rate (bytes per second)."""

    def __init__(self, rate: int) -> None:
        self._rate = rate

    def __call__(self, size: int) -> None:
        time.sleep(size / self._rate)
