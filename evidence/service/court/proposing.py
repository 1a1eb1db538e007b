"""Where something is to be hidden, as the operator's detector proposes it: boxes for an order, no more.

Nothing is made, hidden or kept by a proposal. A person looks at it, takes of it what is right, gives each
region its reason, and orders the redaction; that act is theirs. The log says who asked which detector.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.orders import MOST_REGIONS
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid
from evidence.service.court.derivative_ports import Proposals, Question
from evidence.service.gate import admits
from evidence.service.keeping.gone import verify_not_gone
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.site import Site

LONGEST_MS = 60_000  # of one question: whoever asks waits for the answer


@dataclass(frozen=True)
class Proposing:
    """The desk for proposals."""

    site: Site

    @admits(Action.DERIVE)
    def propose(self, caller: Caller, recording_id: str, asked: Question) -> tuple[str, Proposals]:
        """Return the detector's name, and what it proposes for a part of a recording.

        Raises: NotFound, Refused, Conflict("recording-destroyed", "no-detector", "length-not-known",
        "detector-failed"), Invalid("order-wrong").
        """
        stored = admit_to_recording(self.site, caller, Action.DERIVE, recording_id)
        verify_not_gone(stored)
        tracker = self.site.tracker
        if tracker is None:
            raise Conflict("no-detector")
        self._verify(recording_id, asked)
        with self.site.originals.path(stored.recording.data_key, stored.recording.data_version) as film:
            found = tracker.track(film, asked)
        facts = {
            "detector": tracker.name,
            "fault": found.fault,
            "from_ms": asked.from_ms,
            "regions": len(found.regions),
            "to_ms": asked.to_ms,
        }
        with self.site.database.writing() as unit:
            about = (("recording", recording_id),)
            result = "failed" if found.fault else "ok"
            unit.log.append(
                Entry(Act.DERIVATIVE_PROPOSE, caller.id, about, result, facts), self.site.clock.now()
            )
        if found.fault:
            raise Conflict("detector-failed", fault=found.fault, detector=tracker.name)
        return tracker.name, found

    def _verify(self, recording_id: str, asked: Question) -> None:
        with self.site.database.reading() as unit:
            text = unit.examinations.facts("recording", recording_id, "probe")
        facts = None if text is None else self.site.prober.read(text)
        if facts is None or facts.duration_s is None or not facts.of_kind("video"):
            raise Conflict("length-not-known", recording=recording_id)
        length = round(1000 * facts.duration_s)
        if not 0 <= asked.from_ms < asked.to_ms <= length or asked.to_ms - asked.from_ms > LONGEST_MS:
            raise Invalid("order-wrong", field="from")
        if len(asked.boxes) > MOST_REGIONS:
            raise Invalid("order-wrong", field="boxes")
        if any(not asked.from_ms <= one.at_ms < asked.to_ms for one in asked.boxes):
            raise Invalid("order-wrong", field="boxes")
