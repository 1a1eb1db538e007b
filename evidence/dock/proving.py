"""Proofs of a docking: fetched when all receipts are checked, several at once, and for some seconds only.

What a signed checkpoint does not cover in that time is no failure: the journal remembers that it is owed, and
it is fetched at the next docking of any card. A proof that is wrong stays owed, and is told each time. Order:
1. what the journal holds is checked again  2. the signed list of log keys is fetched and pinned, once
3. each proof is asked for, those of this card first; what will be there soon is asked for again
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event, Lock

from evidence.dock import protocol
from evidence.dock.journal import Owed
from evidence.dock.line import Line
from evidence.dock.outcome import Disproved, Earlier, Outcome, State
from evidence.dock.patience import Patience, is_passing, stopped
from evidence.dock.proofs import origin_of, verify_log_keys, verify_proof
from evidence.dock.sending import Trust
from evidence.domain.signed import disassemble
from evidence.errors import Conflict, EvidenceError, IntegrityFault, NotFound

PAUSE_S = 0.5  # until a checkpoint is asked for again
NOT_YET = "not-yet-published"


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is known at the end, by receipt: the proofs in hand, and what is wrong. is_given: whether the
    service gives proofs at all, now or before; owed: the receipts without one."""

    is_given: bool
    held: Mapping[bytes, bytes]
    wrong: Mapping[bytes, IntegrityFault]
    owed: Sequence[bytes]


class Prover:
    """Fetches and checks the proofs of one docking."""

    def __init__(
        self,
        open_line: Callable[[float], Line],
        trust: Trust,
        patience: Patience,
        parallel: int,
        stop: Event,
        waits: Callable[[EvidenceError, float], None],
    ) -> None:
        """open_line(seconds): a new line that is silent for so long at most."""
        self._trust, self._journal = trust, trust.journal
        self._patience, self._stop, self._waits = patience, stop, waits
        self._until = time.monotonic() + patience.proof_s
        self._lines = [open_line(patience.proof_s) for _ in range(parallel)]
        self._turn = Lock()
        self._logs = self._journal.log_keys()
        self._is_given, self._is_told = bool(self._logs), False
        self._held: dict[bytes, bytes] = {}
        self._wrong: dict[bytes, IntegrityFault] = {}
        self._published: int | None = None  # so many entries are under a checkpoint, as this round heard

    def prove(self, outcomes: Sequence[Outcome]) -> Proofs:
        """Prove what can be proven in time. Raises: Unavailable `state-unusable`, `stopped`."""
        own = {one.receipt: one for one in outcomes if one.receipt is not None}
        self._journal.owe(Owed(receipt, one.upload) for receipt, one in own.items() if one.upload)
        for receipt in own:
            self._recall(receipt)
        owed = sorted(self._journal.owed(), key=lambda one: one.receipt not in own)
        try:
            if owed and self._learn_keys(own):
                self._rounds(owed, own)
        finally:
            for line in self._lines:
                line.close()
        with self._turn:
            done = {**self._held, **self._wrong}
            left = [one.receipt for one in owed if one.receipt not in done]
            return Proofs(self._is_given, dict(self._held), dict(self._wrong), left)

    def _recall(self, receipt: bytes) -> None:
        """Check the proof that the journal holds; one that does not hold counts for nothing."""
        document = self._journal.proof(receipt)
        if document is None:
            return
        try:
            verify_proof(document, receipt, self._trust.key, self._logs)
            self._held[receipt] = document
        except IntegrityFault:
            self._journal.keep_proof(receipt, None)

    def _learn_keys(self, own: Mapping[bytes, Outcome]) -> bool:
        """Fetch and pin the keys of the logs; tell whether there is something to ask for.

        A list that is not to be believed speaks against all that this card has not proven yet.
        """
        while True:
            try:
                self._pin_keys(self._lines[0])
                return True
            except NotFound:  # a service before it had logs
                return False
            except IntegrityFault as fault:
                self._is_given = True
                self._wrong |= {receipt: fault for receipt in own if receipt not in self._held}
                return False
            except EvidenceError as problem:
                if not is_passing(problem) or not self._rest(problem):
                    return False

    def _pin_keys(self, line: Line) -> None:
        keys = verify_log_keys(protocol.fetch_log_keys(line), self._trust.key)
        self._journal.pin_log_keys(keys)
        self._logs, self._is_given = self._journal.log_keys(), True

    def _rounds(self, owed: Sequence[Owed], own: Mapping[bytes, Outcome]) -> None:
        """Ask for all once, and for those of this card again as long as there is time."""
        while owed:
            self._published = None
            later = self._round(owed)
            owed = [one for one, _ in later if one.receipt in own]
            if not owed or not self._rest(later[0][1]):
                return

    def _round(self, owed: Sequence[Owed]) -> list[tuple[Owed, EvidenceError]]:
        """Ask for each, several at once, until the time is over; return those that may be there later."""
        remaining, later = iter(owed), list[tuple[Owed, EvidenceError]]()
        with ThreadPoolExecutor(len(self._lines)) as pool:
            asking = [pool.submit(self._ask_some, line, remaining, later) for line in self._lines]
            try:
                late = wait(asking, timeout=max(0.0, self._until - time.monotonic())).not_done
            except BaseException:  # called off at the keyboard
                self._stop.set()
                self._abort()
                raise
            if late:
                self._abort()
        for one in asking:
            one.result()
        return later

    def _abort(self) -> None:
        for line in self._lines:
            line.abort()

    def _ask_some(
        self, line: Line, remaining: Iterator[Owed], later: list[tuple[Owed, EvidenceError]]
    ) -> None:
        while (owed := self._next(remaining)) is not None:
            try:
                document = self._ask(line, owed)
            except IntegrityFault as fault:
                with self._turn:
                    self._wrong[owed.receipt] = fault
            except EvidenceError as problem:
                if problem.code == "state-unusable":
                    raise
                if problem.code == NOT_YET or is_passing(problem):  # else it stays owed
                    with self._turn:
                        later.append((owed, problem))
            else:
                with self._turn:
                    self._held[owed.receipt] = document

    def _next(self, remaining: Iterator[Owed]) -> Owed | None:
        with self._turn:
            is_over = self._stop.is_set() or time.monotonic() >= self._until
            return None if is_over else next(remaining, None)

    def _ask(self, line: Line, owed: Owed) -> bytes:
        """Fetch, check and keep one proof. Raises: IntegrityFault when it is wrong."""
        index = disassemble(owed.receipt)[1].get("log_index")
        if self._published is not None and isinstance(index, int) and index >= self._published:
            raise Conflict(NOT_YET, index=index)
        try:
            document = self._fetch(line, owed)
        except EvidenceError as problem:
            published = problem.fields.get("published") if problem.code == NOT_YET else None
            self._published = published if type(published) is int else self._published
            raise
        with self._turn:
            # The list came before the log's first checkpoint: its key is in it now.
            if all(one.name != origin_of(self._trust.key) for one in self._logs):
                self._pin_keys(line)
        verify_proof(document, owed.receipt, self._trust.key, self._logs)
        self._journal.keep_proof(owed.receipt, document)
        return document

    def _fetch(self, line: Line, owed: Owed) -> bytes:
        try:
            return protocol.fetch_proof(line, owed.upload)
        except NotFound as problem:
            if problem.code != "upload-not-found":
                raise
            # This dock was revoked and added anew, or the upload is gone: the receipt itself still counts.
            return protocol.show_receipt(line, owed.receipt)

    def _rest(self, problem: EvidenceError) -> bool:
        """Wait before asking again; tell whether there is time left. Raises: Unavailable `stopped`."""
        pause = min(PAUSE_S, self._patience.longest_s)
        if time.monotonic() + pause >= self._until:
            return False
        if not self._is_told:
            self._is_told = True
            self._waits(problem, pause)
        if self._stop.wait(pause):
            raise stopped()
        return True


def with_proof(outcome: Outcome, proofs: Proofs) -> Outcome:
    """Return the outcome of a file as the proofs have it."""
    if outcome.receipt is None:
        return outcome
    fault = proofs.wrong.get(outcome.receipt)
    if fault is None:
        return replace(outcome, proof=proofs.held.get(outcome.receipt))
    is_good = outcome.state in (State.SEALED, State.ALREADY_SEALED)
    return replace(outcome, state=State.DISPROVED if is_good else outcome.state, error=fault)


def earlier(outcomes: Sequence[Outcome], proofs: Proofs) -> Earlier:
    """Return what became of proofs that belong to no file of this card."""
    own = {outcome.receipt for outcome in outcomes}
    wrong = [(receipt, fault) for receipt, fault in proofs.wrong.items() if receipt not in own]
    return Earlier(
        proven=sum(receipt not in own for receipt in proofs.held),
        owed=sum(receipt not in own for receipt in proofs.owed),
        disproved=tuple(_disproved(receipt, fault) for receipt, fault in wrong),
    )


def _disproved(receipt: bytes, fault: IntegrityFault) -> Disproved:
    said = disassemble(receipt)[1]
    return Disproved(str(said.get("device")), str(said.get("name")), str(said.get("recording")), fault)
