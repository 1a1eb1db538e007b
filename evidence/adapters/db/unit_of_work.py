"""Opening the database and its transactions. Refuses to run where a commit would not survive a power cut.

Which engine it is, and what each needs for that: opening.py, sqlite.py, postgres.py. A writing transaction is
alone on either. Every commit of the whole program happens here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, TimeoutError

from evidence.adapters.db import schema
from evidence.adapters.db.alone import alone
from evidence.adapters.db.export_tables import transfer_unit
from evidence.adapters.db.opening import open_machine
from evidence.adapters.db.repositories.accounts import SqlAccounts
from evidence.adapters.db.repositories.act_documents import SqlActDocuments
from evidence.adapters.db.repositories.alarms import SqlAlarms
from evidence.adapters.db.repositories.cards import SqlCards
from evidence.adapters.db.repositories.case_files import SqlCaseFiles
from evidence.adapters.db.repositories.cases import SqlCases
from evidence.adapters.db.repositories.claims import SqlClaims
from evidence.adapters.db.repositories.classes import SqlClasses
from evidence.adapters.db.repositories.companions import SqlCompanions
from evidence.adapters.db.repositories.complaints import SqlComplaints
from evidence.adapters.db.repositories.cosignatures import SqlCosignatures
from evidence.adapters.db.repositories.departures import SqlDepartures
from evidence.adapters.db.repositories.derivatives import SqlDerivatives
from evidence.adapters.db.repositories.devices import SqlDevices
from evidence.adapters.db.repositories.disposals import SqlDisposals
from evidence.adapters.db.repositories.emergencies import SqlEmergencies
from evidence.adapters.db.repositories.examinations import SqlExaminations
from evidence.adapters.db.repositories.exemptions import SqlExemptions
from evidence.adapters.db.repositories.explanations import SqlExplanations
from evidence.adapters.db.repositories.exports import SqlExports
from evidence.adapters.db.repositories.fault_files import SqlFaultFiles
from evidence.adapters.db.repositories.grants import SqlGrants
from evidence.adapters.db.repositories.holds import SqlHolds
from evidence.adapters.db.repositories.identities import SqlIdentities
from evidence.adapters.db.repositories.jobs import SqlJobs
from evidence.adapters.db.repositories.journal import SqlJournal
from evidence.adapters.db.repositories.keepings import SqlKeepings
from evidence.adapters.db.repositories.labels import SqlLabels
from evidence.adapters.db.repositories.legal_units import SqlLegalUnits
from evidence.adapters.db.repositories.log import SqlLog
from evidence.adapters.db.repositories.long_media import SqlLongMedia
from evidence.adapters.db.repositories.markers import SqlMarkers
from evidence.adapters.db.repositories.measures import SqlMeasures
from evidence.adapters.db.repositories.notices import SqlNotices
from evidence.adapters.db.repositories.overseen import SqlOverseen
from evidence.adapters.db.repositories.passkeys import SqlPasskeys
from evidence.adapters.db.repositories.payload import SqlPayload
from evidence.adapters.db.repositories.people import SqlPeople
from evidence.adapters.db.repositories.punctuality import SqlPunctuality
from evidence.adapters.db.repositories.recordings import SqlRecordings
from evidence.adapters.db.repositories.samples import SqlSamples
from evidence.adapters.db.repositories.search_rows import bring_up, forget_touched
from evidence.adapters.db.repositories.searches import SqlSearches
from evidence.adapters.db.repositories.serious import SqlSeriousEvents
from evidence.adapters.db.repositories.sessions import SqlFailures, SqlSessions
from evidence.adapters.db.repositories.shares import SqlShares
from evidence.adapters.db.repositories.sign_ins import SqlChallenges, SqlSignIns
from evidence.adapters.db.repositories.standings import SqlStandings
from evidence.adapters.db.repositories.steps import SqlSteps
from evidence.adapters.db.repositories.timestamps import SqlTimestamps
from evidence.adapters.db.repositories.tokens import SqlTokens
from evidence.adapters.db.repositories.tree import SqlTree
from evidence.adapters.db.repositories.units import SqlUnits
from evidence.adapters.db.repositories.uploads import SqlUploads
from evidence.domain.audit import Entry, Place
from evidence.errors import Unavailable
from evidence.service.together import Together

_Made = TypeVar("_Made")


class _Rows(Generic[_Made]):
    """A repository of a unit of work, made when it is first asked for: most need a few of fifty."""

    def __init__(self, make: Callable[[Connection], _Made]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, unit: SqlUnitOfWork, owner: type) -> _Made:
        made = unit.__dict__[self._name] = self._make(unit.connection)
        return made


class SqlUnitOfWork:
    """One transaction over all repositories."""

    def __init__(self, connection: Connection, site_name: str) -> None:
        self.connection = connection
        self.log = SqlLog(connection, site_name)

    accounts = _Rows(SqlAccounts)
    cards = _Rows(SqlCards)
    claims = _Rows(SqlClaims)
    uploads = _Rows(SqlUploads)
    recordings = _Rows(SqlRecordings)
    examinations = _Rows(SqlExaminations)
    jobs = _Rows(SqlJobs)
    measures = _Rows(SqlMeasures)
    payload = _Rows(SqlPayload)
    tree = _Rows(SqlTree)
    cosignatures = _Rows(SqlCosignatures)
    timestamps = _Rows(SqlTimestamps)
    alarms = _Rows(SqlAlarms)
    journal = _Rows(SqlJournal)
    units = _Rows(SqlUnits)
    legal_units = _Rows(SqlLegalUnits)
    people = _Rows(SqlPeople)
    departures = _Rows(SqlDepartures)
    grants = _Rows(SqlGrants)
    standings = _Rows(SqlStandings)
    holds = _Rows(SqlHolds)
    tokens = _Rows(SqlTokens)
    identities = _Rows(SqlIdentities)
    passkeys = _Rows(SqlPasskeys)
    sign_ins = _Rows(SqlSignIns)
    sessions = _Rows(SqlSessions)
    challenges = _Rows(SqlChallenges)
    failures = _Rows(SqlFailures)
    cases = _Rows(SqlCases)
    emergencies = _Rows(SqlEmergencies)
    classes = _Rows(SqlClasses)
    serious = _Rows(SqlSeriousEvents)
    notices = _Rows(SqlNotices)
    overseen = _Rows(SqlOverseen)
    companions = _Rows(SqlCompanions)
    punctuality = _Rows(SqlPunctuality)
    labels = _Rows(SqlLabels)
    searches = _Rows(SqlSearches)
    explanations = _Rows(SqlExplanations)
    exemptions = _Rows(SqlExemptions)
    markers = _Rows(SqlMarkers)
    keepings = _Rows(SqlKeepings)
    disposals = _Rows(SqlDisposals)
    devices = _Rows(SqlDevices)
    derivatives = _Rows(SqlDerivatives)
    complaints = _Rows(SqlComplaints)
    fault_files = _Rows(SqlFaultFiles)
    long_media = _Rows(SqlLongMedia)
    shares = _Rows(SqlShares)
    case_files = _Rows(SqlCaseFiles)
    samples = _Rows(SqlSamples)
    exports = _Rows(SqlExports)
    transfer_units = _Rows(partial(SqlLegalUnits, table=transfer_unit))
    steps = _Rows(SqlSteps)
    act_documents = _Rows(SqlActDocuments)


class SqlDatabase:
    """A database by URL: "sqlite:////path/evidence.db" or "postgresql://user:password@host/name".

    site_name: of the site whose database it is; the origins of its logs begin with it.
    """

    def __init__(self, url: str, site_name: str) -> None:
        self._machine = open_machine(url)
        self._site_name = site_name
        self.engine = self._machine.engine
        self._looks = Together(self._write_looks)

    def migrate(self, may_begin: bool = True) -> None:
        """Bring the schema to the version of this program. may_begin: the database may be an empty one.

        Raises: Unavailable; "database-too-new", "database-missing" for an empty one that must not be,
        "log-of-another-site" for one of a site of another name.
        """
        with self._said_plainly():
            schema.migrate(self.engine, may_begin)
            self._machine.settle()
        with self.reading() as unit:
            unit.log.verify_origin()

    @contextmanager
    def writing(self) -> Iterator[SqlUnitOfWork]:
        """Open a writing transaction; commit on leaving, roll back on an exception.

        Raises: Unavailable; with outcome="unknown" when the connection broke at the commit: then all of it
        stands or nothing, and only another look can tell.
        """
        with self._open(writes=True) as unit:
            yield unit

    @contextmanager
    def filling(self) -> Iterator[SqlUnitOfWork]:
        """Open the writing transaction that fills an empty database, which nobody else has open.

        Raises: as `writing`.
        """
        self.engine.dispose()  # SQLite changes its journal for the only connection, and back for the next
        try:
            with self._open(writes=True, fills=True) as unit:
                yield unit
        finally:
            self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        """Open a transaction that only reads, and sees one moment."""
        with self._open(writes=False) as unit:
            yield unit

    def log(self, entry: Entry, at: datetime) -> None:
        """Log something of which nothing else is written; it is durable when this returns. Those who come at
        once share a transaction, and what becomes of it.

        Raises: as `writing`.
        """
        self._looks.add((entry, at))

    def _write_looks(self, looks: Sequence[tuple[Entry, datetime]]) -> Sequence[Place]:
        with self.writing() as unit:
            return unit.log.append_all([entry for entry, _ in looks], max(at for _, at in looks))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one, of all processes and hosts, that seals a piece of what is published.

        Raises: Unavailable("database-unavailable").
        """
        with alone(self.engine):
            yield

    @contextmanager
    def _open(self, writes: bool, fills: bool = False) -> Iterator[SqlUnitOfWork]:
        steps: list[str] = []
        with self._said_plainly(steps), self.engine.connect() as connection:
            connection = connection.execution_options(evidence_writes=writes, evidence_fills=fills)
            forget_touched(connection)
            with self._machine.turn() if writes else nullcontext(), connection.begin():
                yield SqlUnitOfWork(connection, self._site_name)
                if writes:
                    bring_up(connection)
                    steps.append("commit")

    @contextmanager
    def _said_plainly(self, steps: Sequence[str] = ()) -> Iterator[None]:
        """Say the driver's errors, and that no connection is free, in the terms of this program."""
        try:
            yield
        except DBAPIError as problem:
            said = self._machine.said(problem)
            if said is problem:
                raise
            if "commit" in steps and type(said) is Unavailable:
                said = Unavailable(said.code, **said.fields, outcome="unknown")
            raise said from problem
        except TimeoutError as problem:
            raise Unavailable("database-unavailable", reason="no-connection-free") from problem

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
