"""One docking, from the card to the checked receipts: the order in which everything happens.

1. list the card; 2. agree on the service's key with what is pinned; 3. announce the whole list, so that a
file that never arrives is known to be missing; 4. send, several files at once; 5. collect and check receipts;
6. for some seconds, fetch and check the proofs that the log holds what the receipts say; 7. check that this
log goes on from what this dock kept of it.
Nothing is ever written on the card or deleted from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock
from typing import TypeVar

from evidence.dock import protocol
from evidence.dock.collecting import Collector
from evidence.dock.continuing import look_at_log
from evidence.dock.finding import CardFault, Found, Listing, changed_since, list_card
from evidence.dock.journal import Journal
from evidence.dock.line import Address, Line
from evidence.dock.outcome import Growth, Outcome, Report, State, Watch, named_otherwise
from evidence.dock.patience import Patience, Trying
from evidence.dock.proving import Proofs, Prover, earlier, with_proof
from evidence.dock.sending import Sender, Sent, Trust
from evidence.errors import Conflict, EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.ledger.keys import VerifierKey

T = TypeVar("T")
MOST_PARALLEL = 16


@dataclass(frozen=True, slots=True)
class Order:
    """What to dock and where. clock_offset_ms is to be added to the device's clock; None: nobody measured.
    1 <= parallel <= 16."""

    folder: Path
    url: str
    token: str = field(repr=False)
    device: str
    wearer: str
    state: Path
    clock_offset_ms: int | None = None
    clock_offset_confirmed: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    parallel: int = 2
    key: str | None = None
    patience: Patience = Patience()


def dock_card(order: Order, watch: Watch) -> Report:
    """Dock a card; return what became of every file.

    Raises: CardFault (`card-unreadable`, `card-empty`), Invalid for a bad order, IntegrityFault
    `key-changed`, or what the service answered to the announcement. Then nothing was sent.
    """
    address = Address.parse(order.url)
    _check(order)
    listing = list_card(order.folder)
    watch.listed(listing)
    if not listing.files and not any(skipped.is_loss for skipped in listing.skipped):
        # An empty folder is what a card that is not there looks like: never a silent success.
        raise CardFault("card-empty", name=str(order.folder))
    journal = Journal(order.state, str(address), order.folder)
    try:
        return _Docking(order, watch, address, journal).run(listing)
    finally:
        journal.close()


def _check(order: Order) -> None:
    """Refuse what no service could take, before the card is looked at."""
    if not order.token:
        raise Invalid("no-token")
    if not order.token.isascii() or not order.token.isprintable():
        raise Invalid("token-malformed")
    if not 1 <= order.parallel <= MOST_PARALLEL:
        raise Invalid("invalid-parallel", parallel=order.parallel, limit=MOST_PARALLEL)
    texts = {"device": order.device, "wearer": order.wearer}
    for field_name, text in {**order.labels, **texts}.items():
        if "\0" in text or any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
            raise Invalid("invalid-text", field=field_name)
    for field_name, text in texts.items():
        if not text.strip():
            raise Invalid("missing-text", field=field_name)


class _Docking:
    def __init__(self, order: Order, watch: Watch, address: Address, journal: Journal) -> None:
        self._order, self._watch, self._address, self._journal = order, watch, address, journal
        self._wearing = protocol.Wearing(
            order.device, order.wearer, order.clock_offset_ms, order.labels, order.clock_offset_confirmed
        )
        self._stop, self._lock = Event(), Lock()
        self._outcomes: dict[str, Outcome] = {}
        self._lines: list[Line] = []

    def run(self, listing: Listing) -> Report:
        line = self._line()
        try:
            trying = self._trying(self._order.patience.contact_s)
            key = self._agree_on_key(line, trying)
            card, standings, gone = _patiently(
                trying, lambda: protocol.announce(line, self._wearing, listing.files)
            )
        finally:
            line.close()
        trust = Trust(key, self._journal, self._order.device)
        self._send_all(card, list(zip(listing.files, standings, strict=True)), trust)
        proofs = self._prove(trust)
        growth = self._look_at_log(trust)
        outcomes = tuple(self._outcomes[found.name] for found in listing.files)
        not_stored = {
            found.name: standing.not_stored
            for found, standing in zip(listing.files, standings, strict=True)
            if standing.not_stored
        }
        past = earlier(outcomes, proofs)
        changed = changed_since(listing, self._order.folder)
        alarms = max(line.alarms for line in self._lines)
        otherwise = named_otherwise(outcomes, self._order.device, self._order.wearer)
        skipped = listing.skipped
        told = (otherwise, alarms, changed, gone, growth)
        return Report(card, key, outcomes, skipped, not_stored, proofs.is_given, past, *told)

    def _agree_on_key(self, line: Line, trying: Trying) -> VerifierKey:
        """Return the key to believe. The first is for good: given by a person, else taken on first use."""
        pinned = self._journal.pinned()
        given = VerifierKey.parse(self._order.key) if self._order.key is not None else None
        shown = _patiently(trying, lambda: self._first_contact(line))
        key = pinned or given or shown
        if given is not None and given not in (pinned or shown, shown):
            raise IntegrityFault("key-given-differs", given=given.text(), shown=shown.text())
        if shown != key:
            raise IntegrityFault("key-changed", pinned=key.text(), offered=shown.text())
        if pinned is None:
            origin = "given" if given is not None else "first-use"
            self._journal.pin(key, origin)
            self._watch.pinned(key, origin)
        return key

    def _first_contact(self, line: Line) -> VerifierKey:
        """Fetch the key. Raises: Unavailable `address-wrong`, not tried again, where the failure is that
        of a mistyped address: nothing was ever reached under it."""
        try:
            return protocol.fetch_key(line)
        except Unavailable as problem:
            if problem.fields.get("kind") in ("name", "tls"):
                raise Unavailable("address-wrong", url=str(self._address), **problem.fields) from problem
            raise

    def _send_all(self, card: str, work: list[tuple[Found, protocol.Standing]], trust: Trust) -> None:
        queue: SimpleQueue[Sent | None] = SimpleQueue()
        remaining = iter(work)
        with ThreadPoolExecutor(self._order.parallel + 1) as pool:
            try:
                collecting = pool.submit(self._collect, queue, trust)
                senders = [
                    pool.submit(self._send_some, card, remaining, queue, trust)
                    for _ in range(min(self._order.parallel, len(work)))
                ]
                _wait(senders)
                queue.put(None)
                _wait([collecting])
            except BaseException:  # called off at the keyboard, or a fault of our own: leave at once
                self._stop.set()
                queue.put(None)
                for line in self._lines:
                    line.abort()
                raise

    def _send_some(
        self,
        card: str,
        remaining: Iterator[tuple[Found, protocol.Standing]],
        queue: SimpleQueue[Sent | None],
        trust: Trust,
    ) -> None:
        """Send files until none is left; one that fails does not keep the others back."""
        line, current = self._line(), _Current()
        sender = Sender(
            line,
            trust,
            self._trying(None, current),
            lambda line, *of_file: protocol.create_upload(line, self._wearing, card, *of_file),
            self._moved,
        )
        try:
            while (item := self._next(remaining)) is not None:
                current.found = found = item[0]
                try:
                    result = sender.deliver(found, item[1])
                except EvidenceError as problem:
                    result = Outcome(found, State.FAILED, error=problem)
                if isinstance(result, Sent):
                    queue.put(result)
                else:
                    self._settle(result)
        finally:
            line.close()

    def _collect(self, queue: SimpleQueue[Sent | None], trust: Trust) -> None:
        line = self._line()
        try:
            Collector(line, trust, self._order.patience, self._stop, self._settle, self._watch).collect(queue)
        finally:
            line.close()

    def _prove(self, trust: Trust) -> Proofs:
        """Fetch and check proofs; a file whose proof is wrong is settled anew."""
        outcomes = list(self._outcomes.values())
        proofs = Prover(
            self._line,
            trust,
            self._order.patience,
            self._order.parallel,
            self._stop,
            lambda problem, seconds: self._watch.waits(None, problem, seconds),
        ).prove(outcomes)
        for outcome in outcomes:
            proven = with_proof(outcome, proofs)
            self._outcomes[outcome.found.name] = proven
            if proven.error is not outcome.error:
                self._watch.settled(proven)
        return proofs

    def _look_at_log(self, trust: Trust) -> Growth | None:
        seconds = self._order.patience.proof_s
        line = self._line(seconds)
        try:
            return look_at_log(line, trust, Trying(self._order.patience, self._stop, _untold, seconds))
        finally:
            line.close()

    def _next(
        self, remaining: Iterator[tuple[Found, protocol.Standing]]
    ) -> tuple[Found, protocol.Standing] | None:
        with self._lock:
            return None if self._stop.is_set() else next(remaining, None)

    def _settle(self, outcome: Outcome) -> None:
        with self._lock:
            self._outcomes[outcome.found.name] = outcome
        self._watch.settled(outcome)

    def _moved(self, found: Found, done_bytes: int) -> None:
        if self._stop.is_set():
            raise Unavailable("stopped")
        self._watch.moved(found, done_bytes)

    def _line(self, silence_s: float = math.inf) -> Line:
        seconds = min(silence_s, self._order.patience.timeout_s)
        line = Line(self._address, self._order.token, seconds)
        self._lines.append(line)
        if self._stop.is_set():  # called off a moment ago, and this line was not yet there to be aborted
            line.abort()
        return line

    def _trying(self, limit_s: float | None, current: _Current | None = None) -> Trying:
        def told(problem: EvidenceError, seconds: float) -> None:
            self._watch.waits(current.found if current else None, problem, seconds)

        return Trying(self._order.patience, self._stop, told, limit_s)


@dataclass(slots=True)
class _Current:
    found: Found | None = None


def _patiently(trying: Trying, ask: Callable[[], T]) -> T:
    while True:
        try:
            return ask()
        except (Unavailable, Conflict) as problem:
            trying.again(problem)


def _untold(_problem: EvidenceError, _seconds: float) -> None:
    """Say nothing: what comes of it in the end is told."""


def _wait(futures: list[Future[None]]) -> None:
    for future in futures:
        future.result()
