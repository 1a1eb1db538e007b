"""The desk for derivatives: what was made from a recording, asking for more, playing them.

1. Who may prepare copies for others may have one made: custodians, unit heads. An auxiliary never (Dazhe 2020
   art. 15 and the bars on copying): they play a proxy, which is a look and no copy.
2. A derivative is as secret as its parent: who may not know of the parent finds none, and the same right
   plays both. What it shows less (a redaction) opens it to nobody.
3. The list says what is hidden, for the player; title and reasons are for those who may have copies made.
Handing out what was made is not here: that takes an approval (exports).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidence.domain.access import Caller, Purpose, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.derivatives import Derivative, Operation, State, picture_units
from evidence.domain.ids import is_id, new_id
from evidence.domain.media import MediaFacts
from evidence.domain.orders import Order, verify_order
from evidence.domain.playable import plays_as_it_is
from evidence.domain.rights import Action
from evidence.domain.standing import Standing
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.catalogue import StoredRecording
from evidence.service.court.deriving import about, ask
from evidence.service.gate import admits
from evidence.service.jobs import JobName
from evidence.service.keeping.gone import verify_not_gone, verify_there
from evidence.service.oversight.admission import admit_to_recording, admit_with_standing
from evidence.service.oversight.views import Seer, seers_of
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.playing import Played, watermark_for
from evidence.service.site import Site

_PLAYERS_END_MS = 1000  # how far behind the length of the index a player's last moment may be


@dataclass(frozen=True, slots=True)
class DerivativeList:
    """What there is of a recording, oldest first. plays: a browser plays the original itself; None where
    nobody has looked yet. people: who asked for them, for those who may ask for more.
    """

    stored: StoredRecording
    plays: bool | None
    derivatives: Sequence[Derivative]
    people: Mapping[str, Seer] = field(default_factory=dict)


@dataclass(frozen=True)
class Derivatives:
    """The desk for derivatives."""

    site: Site

    @admits(Action.LIST_RECORDINGS)
    def of(self, caller: Caller, recording_id: str) -> DerivativeList:
        """Return all derivatives of a recording, also failed and destroyed ones; the look is logged.

        Raises: NotFound("recording-not-found").
        """
        stored = admit_to_recording(self.site, caller, Action.LIST_RECORDINGS, recording_id)
        now, bars = self.site.clock.now(), self.site.bars()
        looked = {"list": "derivatives"}
        with self.site.database.writing() as unit:
            unit.log.append(
                Entry(Act.READ_LIST, caller.id, (("recording", recording_id),), facts=looked), now
            )
            found, plays = unit.derivatives.of(recording_id), self._plays(unit, recording_id)
            standing = unit.standings.get(recording_id, now)
            if denial(caller, Action.DERIVE, standing, bars) is not None:
                return DerivativeList(stored, plays, [replace(one, words={}) for one in found])
            return DerivativeList(stored, plays, found, seers_of(unit, {one.asked_by for one in found}))

    @admits(Action.DERIVE)
    def redactions(self, caller: Caller, recording_id: str) -> DerivativeList:
        """Return the redactions of a recording, for whoever may have another one made; the look is logged.

        Raises: NotFound("recording-not-found"), Refused.
        """
        admit_to_recording(self.site, caller, Action.DERIVE, recording_id)
        found = self.of(caller, recording_id)
        hiding = [one for one in found.derivatives if one.operation is Operation.REDACTION]
        return replace(found, derivatives=hiding)

    @admits(Action.DERIVE)
    def make_proxy(self, caller: Caller, recording_id: str) -> Derivative:
        """Have a proxy made, of whatever the original is; where one stands or is on its way, that is it.

        Raises: NotFound, Refused, Conflict("recording-destroyed").
        """
        verify_not_gone(admit_to_recording(self.site, caller, Action.DERIVE, recording_id))
        new = Derivative(new_id(), recording_id, Operation.PROXY, {}, caller.id, self.site.clock.now())
        with self.site.database.writing() as unit:
            verify_there(unit, recording_id)
            if (known := proxy_of(unit, recording_id)) is not None and known.state is not State.FAILED:
                return known
            ask(unit, new)
        self.site.bell.ring(JobName.DERIVE)
        return new

    @admits(Action.DERIVE)
    def make(self, caller: Caller, recording_id: str, order: Order) -> Derivative:
        """Have something made from a recording. It is made by a worker, and kept only if it is what was
        asked for.

        Raises: NotFound, Refused, Invalid("order-wrong", "reason-needed", "invalid-text"),
        Conflict("recording-destroyed", "length-not-known").
        """
        verify_not_gone(admit_to_recording(self.site, caller, Action.DERIVE, recording_id))
        verify_order(order)
        with self.site.database.reading() as unit:
            text = unit.examinations.facts("recording", recording_id, "probe")
        facts = None if text is None else self.site.prober.read(text)
        if facts is None or facts.duration_s is None:
            raise Conflict("length-not-known", recording=recording_id)
        verify_fits(order, facts)
        now = self.site.clock.now()
        new = Derivative(
            new_id(), recording_id, order.operation, order.parameters, caller.id, now, order.words
        )
        with self.site.database.writing() as unit:
            verify_there(unit, recording_id)
            ask(unit, new)
        self.site.bell.ring(JobName.DERIVE)
        return new

    @admits(Action.PLAY)
    def play_proxy(
        self,
        caller: Caller,
        recording_id: str,
        choose: Callable[[int], tuple[int, int]],
        purpose: Purpose | None = None,
    ) -> Played:
        """Open a range of a recording's proxy to be shown; `choose` picks it, given the size in bytes. The
        entry stands in the log before this returns.

        Raises: NotFound("recording-not-found"), Refused("purpose-needed", "serious-event"),
        Conflict("recording-destroyed", "plays-as-it-is", "no-proxy", "proxy-not-ready", "proxy-failed"); what
        choosing raises.
        """
        stored, standing = admit_with_standing(self.site, caller, Action.PLAY, recording_id, purpose)
        verify_not_gone(stored)
        with self.site.database.reading() as unit:
            proxy, plays = proxy_of(unit, recording_id), self._plays(unit, recording_id)
        if proxy is None:
            raise Conflict("plays-as-it-is" if plays else "no-proxy", recording=recording_id)
        if proxy.state is State.FAILED:
            raise Conflict("proxy-failed", recording=recording_id, problem=proxy.problem)
        if proxy.state is State.ASKED:
            raise Conflict("proxy-not-ready", recording=recording_id, percent=proxy.percent or 0)
        return self._play(caller, proxy, standing, choose, purpose)

    @admits(Action.PLAY)
    def play(
        self,
        caller: Caller,
        recording_id: str,
        derivative_id: str,
        choose: Callable[[int], tuple[int, int]],
        purpose: Purpose | None = None,
    ) -> Played:
        """Open a range of a derivative to be shown, by the right to play its parent; else as `play_proxy`.

        Raises: NotFound("recording-not-found", "derivative-not-found"), Refused,
        Conflict("derivative-not-made").
        """
        stored, standing = admit_with_standing(self.site, caller, Action.PLAY, recording_id, purpose)
        verify_not_gone(stored)
        with self.site.database.reading() as unit:
            found = made_of(unit, recording_id, derivative_id)
        return self._play(caller, found, standing, choose, purpose)

    def _play(
        self,
        caller: Caller,
        one: Derivative,
        standing: Standing,
        choose: Callable[[int], tuple[int, int]],
        purpose: Purpose | None,
    ) -> Played:
        assert one.output is not None
        size, now = one.output.size_bytes, self.site.clock.now()
        start, end = choose(size)
        facts = {
            "derivative": one.operation.value,
            "start": start,
            "end": end,
            "purpose": purpose.value if purpose else None,
        }
        watermark = watermark_for(self.site, caller, standing, purpose, now)
        self.site.database.log(Entry(Act.PLAY, caller.id, about(one), facts=facts), now)
        return Played(size, self.site.vault.open(one.output.key), start, end, one.media_type, watermark)

    def _plays(self, unit: UnitOfWork, recording_id: str) -> bool | None:
        text = unit.examinations.facts("recording", recording_id, "probe")
        facts = None if text is None else self.site.prober.read(text)
        return None if facts is None or not facts.readable else plays_as_it_is(facts)


def proxy_of(unit: UnitOfWork, recording_id: str) -> Derivative | None:
    """Return the newest proxy of a recording, one that was made before others."""
    found = [one for one in unit.derivatives.of(recording_id) if one.operation is Operation.PROXY]
    made = [one for one in found if one.state is State.MADE]
    return next(reversed(made or found), None)


def made_of(unit: UnitOfWork, recording_id: str, derivative_id: str) -> Derivative:
    """Return a derivative of a recording that lies in the vault: under `output.key`, with its size and
    digests. Whoever hands it out (exports) has asked for the rights before.

    Raises: NotFound("derivative-not-found"), Conflict("derivative-not-made").
    """
    found = unit.derivatives.get(derivative_id) if is_id(derivative_id) else None
    if found is None or found.recording_id != recording_id:
        raise NotFound("derivative-not-found", derivative=derivative_id)
    if found.state is not State.MADE or found.output is None:
        raise Conflict("derivative-not-made", derivative=derivative_id, state=found.state)
    return found


def verify_fits(order: Order, facts: MediaFacts) -> None:
    """Verify that what is asked for lies within the original. Raises: Invalid("order-wrong")."""
    length, picture = round(1000 * (facts.duration_s or 0.0)), facts.of_kind("video")[:1]
    if (order.from_ms or 0) >= length:
        raise Invalid("order-wrong", field="from")
    if not picture and (order.operation is not Operation.CLIP and not order.spans):
        raise Invalid("order-wrong", field="operation")
    if order.at_key_frames and any(picture_units(one.codec) is None for one in picture):
        raise Invalid("order-wrong", field="at_key_frames")
    if order.regions and not picture:
        raise Invalid("order-wrong", field="regions")
    if order.spans and not facts.of_kind("audio"):
        raise Invalid("order-wrong", field="spans")
    side = max((max(one.width or 0, one.height or 0) for one in picture), default=0)  # it may be turned
    boxes = [box for region in order.regions for box in region.boxes]
    is_outside = side and any(max(box.x, box.y) >= side for box in boxes)
    if is_outside or any(box.at_ms > length + _PLAYERS_END_MS for box in boxes):
        raise Invalid("order-wrong", field="boxes")
