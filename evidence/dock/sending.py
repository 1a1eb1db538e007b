"""One file's way to the service: open or resume its upload, send it, go on wherever the line breaks.

The service's durable offset decides where to go on; what was sent twice is at most one chunk. Chunks get
smaller while the line breaks or is slow, and larger again while it holds: a chunk has one checksum, so of one
that is cut off nothing is kept, and a dock that dies loses some seconds of a file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from evidence.dock import protocol
from evidence.dock.finding import Found
from evidence.dock.journal import Journal
from evidence.dock.line import Line
from evidence.dock.outcome import Outcome, State
from evidence.dock.patience import Trying
from evidence.dock.reading import Original
from evidence.dock.receipts import Expected, verify_receipt
from evidence.domain.instants import from_text
from evidence.errors import Conflict, IntegrityFault, NotFound, Unavailable
from evidence.ledger.keys import VerifierKey

LARGEST_CHUNK = 64 << 20
SMALLEST_CHUNK = 1 << 20
FIRST_CHUNK = 8 << 20  # until it is known how fast the line is
AT_ONCE = 1 << 20  # a file that is no longer is sent with the request that opens its upload
PIECE_S = 4.0  # about so long a piece is on its way: one that is cut off is not kept
# A clock without battery begins at its maker's date each time, years ago.
_SOON, _AHEAD = timedelta(days=31), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file whose bytes are all with the service, and the digest of what was read from the card."""

    found: Found
    upload: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Trust:
    """What turns a document into an outcome: the pinned key, and the journal of what was believed."""

    key: VerifierKey
    journal: Journal
    device: str

    def accept(
        self,
        found: Found,
        sha256: str,
        receipt: protocol.Receipt,
        state: State,
        recording: str | None = None,
    ) -> Outcome:
        """Check a receipt and keep it. Raises: IntegrityFault when it is not to be believed, Unavailable."""
        checked = self._check(found, sha256, receipt.document, recording)
        self.journal.keep(self.device, found, sha256, receipt.document, receipt.upload)
        state = _as_checked(state, receipt.check)
        return Outcome(found, state, sha256, checked, receipt.document, receipt.check, upload=receipt.upload)

    def recall(self, found: Found, standing: protocol.Standing) -> Outcome | None:
        """Return the outcome of a file whose receipt is in the journal and still holds.

        The receipt says what was sealed; how the original fares since is the service's to say, each time.

        A remembered receipt that does not hold (another key, another recording) counts for nothing: the file
        is read again like one never seen. So is one whose clock was not set: name, size and time may be those
        of another recording. Raises: Unavailable.
        """
        remembered = self.journal.receipt(self.device, found)
        if remembered is None:
            return None
        try:
            checked = self._check(found, *remembered, standing.recording)
        except IntegrityFault:
            return None
        if not _was_set(found, remembered[1]):
            return None
        state = _as_checked(State.ALREADY_SEALED, standing.check)
        return Outcome(
            found, state, remembered[0], checked, remembered[1], standing.check, upload=standing.upload
        )

    def _check(self, found: Found, sha256: str, document: bytes, recording: str | None) -> str:
        expected = Expected(self.device, found.name, found.size_bytes, sha256, recording)
        return verify_receipt(document, self.key, expected)


def _as_checked(state: State, check: str | None) -> State:
    """Return the state of a file with a good receipt, as the last reading back of its original has it."""
    return state if check in (None, "ok") else State.DAMAGED


def _was_set(found: Found, receipt: bytes) -> bool:
    """Tell whether the recorder's clock was set when it wrote a file: it was sealed soon after."""
    sealed = from_text(str(json.loads(receipt)["signed"]["sealed"]))
    modified = found.modified
    return modified is not None and -_AHEAD <= sealed - modified <= _SOON


class Sender:
    """Sends files one after another over one line. For one thread."""

    def __init__(
        self,
        line: Line,
        trust: Trust,
        trying: Trying,
        create: Callable[[Line, Found, memoryview, bytes], tuple[str, int]],
        moved: Callable[[Found, int], None],
    ) -> None:
        self._line, self._trust, self._trying = line, trust, trying
        self._create, self._moved = create, moved
        self._chunk = min(FIRST_CHUNK, LARGEST_CHUNK)

    def deliver(self, found: Found, standing: protocol.Standing) -> Sent | Outcome:
        """Bring a file to the service, or find that it was sealed before.

        Raises: CardFault, or the error after which patience ended.
        """
        if standing.state == "sealed":
            known = self._trust.recall(found, standing)
            if known is not None:
                return known
        with Original(found) as original:
            if standing.state == "sealed":
                known = self._compare(original, standing)
                if known is not None:
                    return known
            upload = standing.upload if standing.state != "sealed" else None
            return self._send(original, upload)

    def _compare(self, original: Original, standing: protocol.Standing) -> Outcome | None:
        """Check a file that the service sealed and this dock does not remember: read it, fetch its receipt.

        None when the receipt is not ours to fetch or names other bytes; then the file is sent, and the
        service finds the same bytes again or keeps both and lists the contradiction.
        """
        if standing.upload is None:
            return None
        sha256 = original.digest_to_end()
        try:
            receipt = self._patiently(lambda: protocol.fetch_receipt(self._line, str(standing.upload))[0])
            if receipt is None:
                return None
            return self._trust.accept(
                original.found, sha256, receipt, State.ALREADY_SEALED, standing.recording
            )
        except NotFound:
            return None
        except IntegrityFault as fault:
            if fault.code == "receipt-differs" and fault.fields.get("field") == "sha256":
                return None
            raise

    def _send(self, original: Original, upload: str | None) -> Sent:
        found = original.found
        offset: int | None = None
        is_new = False
        while True:
            try:
                if upload is None:
                    is_new = True
                    upload, offset = self._begin(original)
                elif offset is None:
                    offset = protocol.fetch_offset(self._line, upload)
                self._moved(found, offset)
                if offset >= found.size_bytes:
                    return Sent(found, upload, original.digest_to_end())
                offset = self._send_chunk(original, upload, offset)
            except NotFound:  # expired, or another dock's: begin a new one, once
                if is_new:
                    raise
                upload = offset = None
            except (Unavailable, Conflict) as problem:
                if problem.code == "no-answer":
                    self._chunk = max(self._chunk // 2, SMALLEST_CHUNK)
                self._trying.again(problem)
                offset = None

    def _begin(self, original: Original) -> tuple[str, int]:
        """Open an upload: a small file comes with it, in one request. Return its id and durable offset."""
        found = original.found
        if not 0 < found.size_bytes <= min(AT_ONCE, self._chunk):
            return self._create(self._line, found, memoryview(b""), b"")
        whole = original.chunk_at(0, found.size_bytes)
        return self._create(self._line, found, whole, original.digest_through(whole))

    def _send_chunk(self, original: Original, upload: str, offset: int) -> int:
        chunk = original.chunk_at(offset, self._chunk)
        digest, began = original.digest_through(chunk), time.monotonic()
        durable = protocol.send_chunk(
            self._line,
            upload,
            offset,
            chunk,
            digest,
            lambda sent: self._moved(original.found, offset + sent),
        )
        if durable <= offset:
            raise Unavailable("no-progress", offset=durable)
        self._trying.progress()
        took = time.monotonic() - began
        if took <= PIECE_S:
            self._chunk = min(self._chunk * 2, LARGEST_CHUNK)
        elif took > 2 * PIECE_S:
            self._chunk = max(self._chunk // 2, SMALLEST_CHUNK)
        return durable

    def _patiently(self, ask: Callable[[], protocol.Receipt | None]) -> protocol.Receipt | None:
        while True:
            try:
                return ask()
            except (Unavailable, Conflict) as problem:
                self._trying.again(problem)
