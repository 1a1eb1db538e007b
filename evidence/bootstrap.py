"""Settings → Application: the only place that joins the parts. Doors come here and nowhere else."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from celery import Celery

from evidence import settings as site_settings
from evidence.adapters import moving, qualification, site_file, site_lock
from evidence.adapters.books import XlsxBinder
from evidence.adapters.builds import BuildFiles
from evidence.adapters.celery_bell import CeleryBell, open_queue
from evidence.adapters.clock import SystemClock, Throttle
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.digesting import OneDigest, TwoDigests
from evidence.adapters.export_shelf import ExportShelf
from evidence.adapters.keys import FileSigner
from evidence.adapters.listening import SandboxedListener, SpeechEngine
from evidence.adapters.log_signer import NOTE_CHECKS, SignerLine, open_signer
from evidence.adapters.making import SandboxedMaker
from evidence.adapters.originals import VaultOriginals
from evidence.adapters.packing.building import Packing
from evidence.adapters.packs import STRICTEST, load_pack
from evidence.adapters.passwords import ArgonPasswords
from evidence.adapters.printing import TypstPress
from evidence.adapters.prober import SandboxedProber
from evidence.adapters.sheets import SheetFiles
from evidence.adapters.time_authority import HttpTimeAuthority
from evidence.adapters.time_codes import FolderTimeCodes
from evidence.adapters.tracking import tracker_of
from evidence.adapters.witness_line import open_witnesses
from evidence.desks import Desks
from evidence.documents.court import CourtPapers
from evidence.domain.sign_in import PROFILES
from evidence.errors import Conflict, Invalid, Unavailable
from evidence.factors import Factors, factors_of
from evidence.service.catalogue import Terms
from evidence.service.court.court import Court, court_of
from evidence.service.court.export_ports import MadeDerivatives
from evidence.service.court.proofs_for_export import ExportProofs
from evidence.service.examining.fixity import Fixity
from evidence.service.intake.uploads import Uploads
from evidence.service.log.auditing import Auditing
from evidence.service.log.log_keys import LogKeys
from evidence.service.log.proving import Proving
from evidence.service.log.publishing import Publishing
from evidence.service.log.timestamping import Timestamping
from evidence.service.log.witnessing import Witnessing
from evidence.service.measuring import Measuring
from evidence.service.own_vault import verify_own_vault
from evidence.service.people.organisation import Organisation, organisation_of
from evidence.service.people.roster import PublicTerms
from evidence.service.ports import JobBell
from evidence.service.printing_ports import Makers
from evidence.service.site import Site
from evidence.service.watching import Watching
from evidence.service.work import Work
from evidence.settings import Settings
from storage.errors import StoreUnavailable
from storage.opening import bucket_address, open_vault
from storage.staging_folder import FolderStaging
from storage.vault import Vault


@dataclass(frozen=True)
class Application(Desks):
    """All use cases of one site, ready."""

    settings: Settings
    queue: Celery
    factors: Factors
    organisation: Organisation
    court: Court
    uploads: Uploads
    fixity_pass: Fixity  # throttled, for the endless pass in the background
    work: Work
    publishing: Publishing
    witnessing: Witnessing
    timestamping: Timestamping
    proving: Proving
    auditing: Auditing
    measuring: Measuring
    log_keys: LogKeys
    watching: Watching
    makers: Makers
    signer: SignerLine


def build(data: Path, *, is_new: bool = False, bell: JobBell | None = None) -> Application:
    """Open the site in a data folder. bell: of workers beside; None: that of its queue.

    Raises: Invalid, Unavailable, PolicyError, Conflict("form-left", "vault-not-ours").
    Only a new site may have no database: a lost one must not look like a site without recordings.
    """
    settings = site_settings.load(data)
    left = _left(settings)
    if not is_new and not settings.database and not (data / "evidence.db").is_file():
        raise Unavailable("database-missing", folder=str(data))
    database = SqlDatabase(settings.database_url, settings.name)
    database.migrate(may_begin=is_new)
    if not is_new:
        _verify_begun(database)
    # It waits for the writer before it, and that may have been a move.
    if site_settings.load(data) != settings or _left(settings) != left:
        database.close()
        raise Conflict("form-left", file=str(data / site_settings.FILE))
    if settings.vault_url == "memory:":
        raise Invalid("settings-wrong", file=str(data / site_settings.FILE), reason="memory: keeps nothing")
    vault = open_vault(settings.vault_url, immutable=settings.immutable)
    queue = open_queue(settings.broker_url)
    site = site_of(settings, database, vault, bell or CeleryBell(queue))
    if not is_new:
        _verify_own_vault(site, settings)
    return _application(settings, site, queue)


def _verify_own_vault(site: Site, settings: Settings) -> None:
    """Refuse another site's vault. One that is away now is told by whoever needs it."""
    try:
        verify_own_vault(site)
    except StoreUnavailable:
        pass
    except Conflict as problem:
        site.database.close()
        raise Conflict(problem.code, vault=moving.where(settings.data, "vault", settings.vault)) from None


def _verify_begun(database: SqlDatabase) -> None:
    """Refuse a database that holds nothing: a rebuild broke off there. Raises: Unavailable."""
    with database.reading() as unit:
        is_begun = bool(unit.tree.logs())
    if not is_begun:
        database.close()
        raise Unavailable("database-missing")


def site_of(settings: Settings, database: SqlDatabase, vault: Vault, bell: JobBell) -> Site:
    """Join the parts of a site over an open database and vault. Raises: Unavailable, PolicyError."""
    data = settings.data
    scratch = data / "scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    return Site(
        database=database,
        vault=vault,
        staging=FolderStaging(data / "staging"),
        clock=SystemClock(),
        signer=FileSigner(data / "keys"),
        policies=load_pack(settings.policy),
        strictest=load_pack(STRICTEST),
        prober=SandboxedProber(),
        listener=SandboxedListener(scratch, _speech(settings)),
        originals=VaultOriginals(vault, scratch),
        maker=SandboxedMaker(scratch),
        tracker=tracker_of(scratch, *settings.detector),
        bell=bell,
        new_digests=TwoDigests if settings.sm3 else OneDigest,
        passwords=ArgonPasswords(PROFILES[settings.profile]),
        codes=FolderTimeCodes(data / "keys"),
        terms=Terms(
            upload_rest=timedelta(hours=settings.upload_rest_hours),
            first_check=timedelta(hours=settings.first_check_hours),
            next_check=timedelta(days=settings.next_check_days),
            sm3=settings.sm3,
            deep=settings.deep,
            sign_in=PROFILES[settings.profile],
            names_kept=timedelta(days=settings.keep_names_days),
        ),
    )


def _speech(settings: Settings) -> SpeechEngine | None:
    """Return the speech-to-text engine that the operator has set up, if any."""
    if not settings.speech_command:
        return None
    return SpeechEngine(settings.speech_name, settings.speech_command, Path(settings.speech_folder))


def _application(settings: Settings, site: Site, queue: Celery) -> Application:
    uploads = Uploads(site)
    fixity_pass = Fixity(site, Throttle(settings.check_mib_per_s << 20))
    signer = open_signer(settings.signer_folder, None if settings.signer else settings.data)
    publishing = Publishing(site, signer, NOTE_CHECKS)
    file = settings.witnesses_file
    trust, witnesses = open_witnesses(file) if file else (None, [])
    witnessing = Witnessing(site, signer, witnesses, NOTE_CHECKS)
    every = timedelta(minutes=settings.audit_minutes)
    public = PublicTerms(settings.roster_names, settings.roster_contact)
    authority = HttpTimeAuthority(settings.tsa_url, settings.tsa_file) if settings.tsa_file else None

    def publish(which: str) -> None:
        publishing.publish(which)
        witnessing.ask_all()

    proofs = ExportProofs(site, publish, Path(file).read_bytes() if file else None, trust)
    papers = CourtPapers(TypstPress(), site.policies.latest)
    court = court_of(site, MadeDerivatives(), _shelf(settings.exports_folder), papers, proofs)
    return Application(
        settings=settings,
        site=site,
        queue=queue,
        factors=factors_of(settings, site),
        organisation=organisation_of(site, SheetFiles(), public),
        court=court,
        uploads=uploads,
        fixity_pass=fixity_pass,
        work=Work(site, uploads, fixity_pass, court.building.build),
        publishing=publishing,
        witnessing=witnessing,
        timestamping=Timestamping(site, authority, timedelta(minutes=settings.tsa_minutes)),
        proving=Proving(site, publish, trust, NOTE_CHECKS, proofs.trust_file),
        auditing=Auditing(site, signer, NOTE_CHECKS, [one.key for one in witnesses], authority, every),
        measuring=Measuring(site, every, *settings.backups_every),
        log_keys=LogKeys(site, signer),
        watching=Watching(site, signer, BuildFiles(settings.policy)),
        makers=Makers(TypstPress(), XlsxBinder()),
        signer=signer,
    )


def _shelf(place: Path) -> ExportShelf:
    return ExportShelf(place, Packing(place))


def open_doorbell(data: Path) -> tuple[Celery, IO[bytes]]:
    """Open the queue of a site and nothing else, and take the lock to serve it (`lock_to_serve`).

    Raises: Invalid; "settings-wrong" for the embedded one. Busy("service-running"), Conflict("form-left").
    """
    if runs_own_workers(data):
        reason = "broker: workers of their own need redis://…"
        raise Invalid("settings-wrong", file=str(data / site_settings.FILE), reason=reason)
    held = lock_to_serve(data)
    settings = site_settings.load(data)
    verify_not_left(settings)
    return open_queue(settings.broker_url), held


def verify_may_ingest(data: Path) -> None:
    """Refuse to take evidence in for an object store that has not passed our probes, or in a form of the
    site that it has left.

    Raises: Unavailable, Unavailable("store-not-qualified"), Conflict("form-left").
    """
    settings = site_settings.load(data)
    verify_not_left(settings)
    if settings.vault_url.startswith("s3:"):
        address = bucket_address(settings.vault_url)
        with closing(SqlDatabase(settings.database_url, settings.name)) as database:
            database.migrate(may_begin=False)
            with database.reading() as unit:
                known = qualification.newest(unit, address)
        qualification.verify(data, FileSigner(data / "keys"), address, SystemClock().now(), known)


def verify_not_left(settings: Settings) -> None:
    """Refuse to take evidence in with an engine from which the site has moved away (evidence/moving.py).

    Raises: Conflict("form-left").
    """
    if gone := _left(settings):
        raise Conflict("form-left", left=gone, file=str(settings.data / site_file.LEFT))


def _left(settings: Settings) -> list[str]:
    """Return the engines of these settings that the site has left."""
    engines = moving.stores(settings.data, settings.database, settings.vault)
    return site_file.left_of(settings.data, engines, moving.older_stores(settings.data))


def runs_own_workers(data: Path) -> bool:
    """Whether the service of a site does the work itself, and so must be the only one."""
    return site_settings.load(data).runs_own_workers


def lock_service(data: Path, *, shared: bool = False) -> IO[bytes]:
    """Take the site's service lock, held until the returned file is closed.

    A move has it alone, and a service with workers inside: these take over all jobs at their start. Services
    with workers of their own, and each of these workers, share it.

    Raises: Busy("service-running").
    """
    if not (data / site_settings.FILE).is_file():
        raise Invalid("not-a-site", folder=str(data))
    return site_lock.take(data, shared=shared)


def lock_to_serve(data: Path) -> IO[bytes]:
    """Take the service lock as a service of this site needs it. Raises: Busy("service-running"), Conflict."""
    settings = site_settings.load(data)
    held = lock_service(data, shared=not settings.runs_own_workers)
    if site_settings.load(data) != settings:  # a move has ended between the two
        held.close()
        raise Conflict("form-left", file=str(data / site_settings.FILE))
    return held
