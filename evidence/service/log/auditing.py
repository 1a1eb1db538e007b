"""Auditing: the logs are held against themselves, vault, rows and signer, and the outcome is logged.

A fault raises an alarm, which stands until an operator has seen to it, and stops the signer: nothing is
signed over a past that does not agree. Nothing is put right by itself.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from evidence.domain.access import Caller
from evidence.domain.alarms import Alarm
from evidence.domain.audit import Act, Entry
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Action
from evidence.errors import Conflict, EvidenceError, Unavailable
from evidence.ledger.keys import VerifierKey
from evidence.ledger.segments import Kind, Piece
from evidence.service.gate import admits
from evidence.service.log.custody_checks import CustodyCheck
from evidence.service.log.journal_checks import JournalCheck
from evidence.service.log.log_checks import LogCheck, piece_of
from evidence.service.log.log_faults import BROKEN, Fault, legible, told
from evidence.service.log.log_ports import LogSigner, NoteChecks, TimeAuthority
from evidence.service.log.newest_checks import cosignature_faults, newer_faults, timestamp_faults
from evidence.service.log.standstill import standstills
from evidence.service.site import Site
from storage.errors import StorageError
from storage.vault import Debris, Sealed

log = logging.getLogger("evidence.auditing")
MOST_TOLD = 100  # faults in one entry of the log; an alarm stands for each


@dataclass(frozen=True)
class Auditing:
    """The desk for checking the logs."""

    site: Site
    signer: LogSigner
    checks: NoteChecks
    witnesses: Sequence[VerifierKey] = ()
    authority: TimeAuthority | None = None
    every: timedelta = timedelta(hours=1)  # between two checks

    @admits(Action.READ_LOG)
    def fsck(self, caller: Caller) -> Sequence[Alarm]:
        """Check everything; raise an alarm for each fault and log the outcome. Return what was found.

        Raises: StoreUnavailable, Unavailable("signer-unreachable"): then nothing is known, and nothing noted.
        """
        began = self.site.clock.now()
        with self.site.database.reading() as unit:
            sound = unit.log.last_ok(Act.LOG_CHECK)
        earliest = from_text(sound["facts"]["began"]) if sound else None
        accepted = self._accepted()
        faults = map(_legible, self._faults())
        found = {(one.kind, one.item): one for one in faults if _sign(one) not in accepted}
        now = self.site.clock.now()
        alarms = [Alarm(one.kind, one.item, now, earliest, one.detail) for one in found.values()]
        raise_alarms(self.site, self.signer, alarms)
        facts: dict[str, object] = {"began": to_text(began), "faults": len(alarms)}
        if alarms:
            facts["items"] = [f"{one.kind} {one.item}"[:200] for one in alarms[:MOST_TOLD]]
        with self.site.database.writing() as unit:
            result = "broken" if alarms else "ok"
            unit.log.append(Entry(Act.LOG_CHECK, caller.id, result=result, facts=facts), now)
        return alarms

    def _faults(self) -> Iterator[Fault]:
        listed = [one for one in self.site.vault.census("log/") if not _is_temporary(one)]
        known = {*self.signer.logs(), *(one.log for one in (piece_of(one.key) for one in listed) if one)}
        with self.site.database.reading() as unit:  # after vault and signer: entries came before them
            logs = unit.tree.logs()
            known.update(unit.tree.published_logs())
            # Custody is never cut short, and names each log that was begun.
            known.update(entry["facts"]["log"] for entry in unit.log.of_act(Act.LOG_KEY))
            counted = unit.log.counted()
        for family, which in counted:  # those of a log's own kind are looked at with its entries
            if which not in logs or family != which.partition("/")[0]:
                yield Fault("counter-wrong", which, {"family": family})
        for which in sorted(known.difference(logs)):  # a log whose last entry is gone has no row to name it
            yield Fault("log-missing", which)
        for which in logs:
            yield from told(which, self._of_log(which, listed))
        yield from told("rows", JournalCheck(self.site, listed).faults())
        yield from told("custody", CustodyCheck(self.site).faults())

    def _of_log(self, which: str, listed: Sequence[Sealed | Debris]) -> Iterator[Fault]:
        vault = self.site.vault
        with self.site.database.reading() as unit:
            origin, before = unit.log.origin(which), unit.tree.published(which)[0]
            check = LogCheck(which, origin, unit, vault, self.checks, listed)
            yield from told(which, check.faults())
            cosigned = cosignature_faults(which, unit, self.witnesses, self.checks)
            yield from told(f"{which} cosignatures", cosigned)
            yield from told(f"{which} timestamps", timestamp_faults(which, unit, vault, self.authority))
        signed = self.signer.last(which)
        with self.site.database.reading() as unit:
            yield from newer_faults(which, before, signed, _segments(which, listed), unit)

    @admits(Action.READ_STATUS)
    def alarms(self, caller: Caller) -> Sequence[Alarm]:
        """Return the alarms that stand, and what stands still."""
        del caller
        with self.site.database.reading() as unit:
            return [*unit.alarms.standing(), *standstills(unit, self.site.clock.now(), self.every)]

    @admits(Action.READ_STATUS)
    def unsound(self, caller: Caller) -> int:
        """Count the recordings that fixity's last look found to be other than sealed: no check of the logs
        reads originals."""
        del caller
        with self.site.database.reading() as unit:
            return unit.recordings.unsound()

    def standing(self) -> Sequence[Alarm]:
        """Return the alarms that stand, for a mark on every answer."""
        with self.site.database.reading() as unit:
            return unit.alarms.standing()

    @admits(Action.MANAGE_LOG)
    def clear(self, caller: Caller, *, accept: bool = False) -> int:
        """Clear the alarms after a check that finds nothing; return how many stood. The signer is told apart
        (`evidence signer --resume`), by whoever answers for it.

        accept: what the check still finds, exactly as it stands, is no alarm from now on: what is lost for
        good must not keep everything else from being signed. Each is named in the log.
        Raises: Conflict("still-broken") unless accepted; what could not be looked at is never accepted.
        """
        found = self.fsck(caller)
        if found and not accept or any(one.kind == BROKEN for one in found):
            raise Conflict("still-broken", faults=len(found), first=f"{found[0].kind} {found[0].item}")
        now = self.site.clock.now()
        signs = [_sign(one) for one in found]
        parts = [signs[at : at + MOST_TOLD] for at in range(0, len(signs), MOST_TOLD)] or [[]]
        with self.site.database.writing() as unit:
            cleared = unit.alarms.clear(now)
            for part in parts:
                facts: dict[str, object] = {"accepted": part, "alarms": cleared}
                unit.log.append(Entry(Act.ALARM_CLEAR, caller.id, facts=facts), now)
        return cleared

    def _accepted(self) -> set[str]:
        """Return what was accepted, as the log has it: no row that somebody could add."""
        with self.site.database.reading() as unit:
            cleared = unit.log.of_act(Act.ALARM_CLEAR)
            return {sign for entry in cleared for sign in entry["facts"]["accepted"]}


def _is_temporary(one: Sealed | Debris) -> bool:
    """Tell whether a crash, or a writer at work, left it: a file without a name of its own."""
    return isinstance(one, Debris) and one.kind == "temporary"


def _segments(which: str, listed: Sequence[Sealed | Debris]) -> list[Piece]:
    pieces = (piece_of(one.key) for one in listed if one.key.startswith(f"log/{which}/"))
    return [one for one in pieces if one is not None and one.kind is Kind.ENTRIES]


def _legible(one: Fault) -> Fault:
    """Let a fault be written down whatever the names in it are made of: a folder takes any bytes."""
    detail = {name: legible(value) if isinstance(value, str) else value for name, value in one.detail.items()}
    return Fault(one.kind, legible(one.item), detail)


def _sign(one: Fault | Alarm) -> str:
    """Return what names a fault exactly as it stands: kind, item, and a digest of the rest."""
    detail = json.dumps(dict(one.detail), sort_keys=True, default=str)
    return f"{one.kind} {one.item} {hashlib.sha256(detail.encode()).hexdigest()}"


def raise_alarms(site: Site, signer: LogSigner, alarms: Sequence[Alarm]) -> None:
    """Raise alarms, and stop the signer where there are any."""
    if not alarms:
        return
    with site.database.writing() as unit:
        for one in alarms:
            if unit.alarms.add(one):
                log.error("INTEGRITY ALARM %s %s %s", one.kind, one.item, dict(one.detail))
    with suppress(Unavailable):  # no signer, no signature
        signer.halt(f"{alarms[0].kind} {alarms[0].item}")


def alarm_of(which: str, problem: EvidenceError | StorageError, site: Site) -> Alarm:
    """Make the alarm of a fault that publishing met. earliest: when the log was last published."""
    now = site.clock.now()
    with site.database.reading() as unit:
        earliest = unit.tree.published_at(which)
    return Alarm(problem.code, which, now, earliest, problem.fields)
