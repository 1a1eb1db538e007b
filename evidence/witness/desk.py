"""What a witness does when it is asked (C2SP tlog-witness v1.0.0). Order of a cosignature:

1. The request is read, and judged as far as that needs no state (`witnessing.read`).
2. Alone with the state: what was cosigned last is read, the new tree is held against it
   (`witnessing.decide`), and the state moves, synced.
3. Only then the cosignature is made, and given out.
Who breaks off between 2 and 3 asks again, for the same checkpoint, and gets it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from evidence.ledger.witnessing import SIZE_TYPE, Asked, Seen, Verdict, decide, read, size_body
from evidence.witness.keys import CHECKS, WitnessKey
from evidence.witness.logs import Logs
from evidence.witness.store import Store
from storage.crashpoints import crashpoint

log = logging.getLogger("evidence.witness")
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """status: of HTTP. type: of the body."""

    status: int
    body: bytes
    type: str = TEXT_TYPE


@dataclass(frozen=True)
class Desk:
    """Answers for one witness. logs: reads which ones it knows, each time anew."""

    key: WitnessKey
    store: Store
    logs: Callable[[], Logs]
    now: Callable[[], datetime]

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign the checkpoint of a request, or say why not.

        Raises: Unavailable("witness-state-unreadable", "witness-trust-missing"), Invalid("trust-malformed"):
        then nothing was cosigned.
        """
        asked = read(body, self.logs(), CHECKS)
        if not isinstance(asked, Asked):
            return _refusal(asked)
        origin, new = asked.checkpoint.origin, Seen(asked.checkpoint.size, asked.checkpoint.root)
        time = int(self.now().timestamp())
        with self.store.turn():
            seen = self.store.seen(origin)
            verdict = decide(asked, seen)
            if verdict is Verdict.COSIGN:
                self.store.move(origin, seen, new, asked.request.checkpoint, time)
        if verdict is Verdict.OTHER_SIZE:
            return Answer(verdict, size_body(seen), SIZE_TYPE)
        if verdict is not Verdict.COSIGN:
            # The log's own signature stands under it: this text is what a court would want to see.
            log.error("%s does not continue size %d: %r", origin, seen.size, asked.request.checkpoint)
            return _refusal(verdict)
        crashpoint("after-seen")
        return Answer(verdict, self.key.cosign(asked.note.text, time).line().encode("utf-8"))

    def vkey(self) -> Answer:
        """Return the verifier key of this witness: nobody's secret."""
        return Answer(200, f"{self.key.key.text()}\n".encode("ascii"))


def _refusal(verdict: Verdict) -> Answer:
    return Answer(verdict, f"{verdict.name.lower().replace('_', '-')}\n".encode("ascii"))
