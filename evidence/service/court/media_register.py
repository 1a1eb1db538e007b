"""The register of media on which recordings are kept for long (Dazhe 2020 art. 13): discs and drives beside
the vault, in how many copies, where, whether they are written, and when they are looked at again.

What is held is to be on such a medium: until it is, it is listed as not yet written. The program reads the
medium and finds each recording on it; where it does not, the register says whose word it is. A medium that
was found unsound, or is kept no more, does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.exports import Medium
from evidence.domain.ids import is_id, new_id
from evidence.domain.long_media import LongMedium, ReadBack
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, NotFound
from evidence.policy.rules import cite_ids
from evidence.policy.ways_out import LongTermMedia, ways_out_of
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at
from evidence.service.oversight.admission import admit_to_recordings
from evidence.service.oversight.refusals import OutOfSight, reason_of, tries_logged
from evidence.service.people.roll_scope import check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_RECORDINGS = 400  # of one medium: all of them stand in one entry
MOST_COPIES = 99
MOST_NAMED = 10  # of what is missing, in one answer
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A recording that is held and on no sound medium yet. cites: why it is to be."""

    stored: StoredRecording
    cites: tuple[str, ...]


@dataclass(frozen=True)
class MediaRegister:
    """The desk for the register."""

    site: Site

    @admits(Action.HOLD)
    def add(
        self, caller: Caller, label: str, kind: Medium, copies: int, place: str, recordings: Sequence[str]
    ) -> LongMedium:
        """Register a medium for recordings.

        Raises: as `admit_to_recordings`; Conflict("label-taken"), Invalid("invalid-text", "too-many",
        "invalid-measure").
        """
        check_text("label", label)
        check_text("place", place)
        ids = list(dict.fromkeys(recordings))
        if not 0 < len(ids) <= MOST_RECORDINGS:
            raise Invalid("too-many", found=len(ids), most=MOST_RECORDINGS)
        if not 0 < copies <= MOST_COPIES:
            raise Invalid("invalid-measure", field="copies")
        admit_to_recordings(self.site, caller, Action.HOLD, ids)
        now = self.site.clock.now()
        new = LongMedium(new_id(), label, kind, copies, place, tuple(ids), caller.id, now)
        with self.site.database.writing() as unit:
            unit.long_media.add(new)
            facts = {"cites": list(self._cites()), "copies": copies, "kind": kind.value}
            unit.log.append(_entry(Act.MEDIUM_ADD, caller, new, facts), now)
        return new

    @admits(Action.HOLD)
    def note_written(self, caller: Caller, medium_id: str, sha256: str, read_back: str) -> LongMedium:
        """Note that a medium was written, as somebody says: the digest of what was written, and of what was
        read back. The program has read nothing, and the register says so.

        Raises: NotFound("medium-not-found"), Conflict("read-back-differs", "medium-ended"),
        Invalid("invalid-text").
        """
        wanted = sha256.strip().lower()
        if len(wanted) != 64 or not set(wanted) <= _HEX:
            raise Invalid("invalid-text", field="sha256")
        with self._about(caller, medium_id) as (unit, found):
            if read_back.strip().lower() != wanted:
                raise Conflict("read-back-differs", label=found.label, expected=wanted)
            return self._written(unit, caller, found, wanted, is_read=False)

    @admits(Action.HOLD)
    def note_read(self, caller: Caller, medium_id: str, read: ReadBack) -> LongMedium:
        """Note that the program has read a medium back: each of its recordings lies on it, byte for byte.

        Raises: NotFound("medium-not-found"), Conflict("not-on-medium", "medium-ended").
        """
        with self._about(caller, medium_id) as (unit, found):
            stored = unit.recordings.some(found.recordings)
            digests = {id_: stored[id_].recording.digests.sha256 for id_ in found.recordings}
            if missing := [id_ for id_, sha256 in digests.items() if sha256 not in read.digests]:
                some = " ".join(missing[:MOST_NAMED])
                raise Conflict("not-on-medium", label=found.label, number=len(missing), recordings=some)
            return self._written(unit, caller, found, read.sha256, is_read=True)

    def _written(
        self, unit: UnitOfWork, caller: Caller, one: LongMedium, sha256: str, *, is_read: bool
    ) -> LongMedium:
        now = self.site.clock.now()
        how = {"sha256": sha256, "written_by": caller.name, "is_read": is_read}
        seen = {"written_at": now, "checked_at": now, "is_sound": True, "next_check": self._next(now)}
        done = replace(one, **how, **seen)  # type: ignore[arg-type]
        unit.long_media.put(done)
        facts = {"read": is_read, "sha256": sha256}
        unit.log.append(_entry(Act.MEDIUM_WRITE, caller, done, facts), now)
        return done

    @admits(Action.HOLD)
    def note_check(self, caller: Caller, medium_id: str, *, is_sound: bool, remark: str) -> LongMedium:
        """Note that a medium was looked at. Raises: NotFound("medium-not-found"), Conflict("not-written",
        "medium-ended"), Invalid("reason-needed").
        """
        remark, now = reason_of(remark), self.site.clock.now()
        with self._about(caller, medium_id) as (unit, found):
            if found.written_at is None:
                raise Conflict("not-written", medium=found.id)
            done = replace(found, checked_at=now, is_sound=is_sound, next_check=self._next(now))
            unit.long_media.put(done)
            entry = _entry(Act.MEDIUM_CHECK, caller, done, {"sound": is_sound}, {"reason": remark})
            unit.log.append(entry, now)
        return done

    @admits(Action.HOLD)
    def end(self, caller: Caller, medium_id: str, reason: str) -> LongMedium:
        """Note that a medium is kept no more. Raises: NotFound("medium-not-found"), Conflict("medium-ended"),
        Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with self._about(caller, medium_id) as (unit, found):
            done = replace(found, ended_by=caller.id, ended_at=now)
            unit.long_media.put(done)
            unit.log.append(_entry(Act.MEDIUM_END, caller, done, {}, {"reason": reason}), now)
        return done

    @admits(Action.HOLD)
    def all(self, caller: Caller, *, due: bool = False) -> Sequence[LongMedium]:
        """Return the media of recordings within reach; due: those that are to be looked at by now. The look
        is logged."""
        today = local_day(self.site.policies, self.site.clock.now())
        with self.site.database.writing() as unit:
            self._log_look(unit, caller, "media")
            found = [one for one in unit.long_media.all() if self._may(unit, caller, one)]
        return [one for one in found if not due or _is_due(one, today)]

    @admits(Action.HOLD)
    def waiting(self, caller: Caller) -> Sequence[NotWritten]:
        """Return the recordings within reach that are held and not yet written on any medium; the look is
        logged."""
        now, there = self.site.clock.now(), reach(caller, Action.HOLD, self.site.bars())
        with self.site.database.writing() as unit:
            self._log_look(unit, caller, "media-waiting")
            written = {id_ for one in unit.long_media.all() if one.keeps for id_ in one.recordings}
            held = [one for one in unit.standings.held() if one not in written]
            standings = unit.standings.some(held, now)
            stored = unit.recordings.some([one for one in held if there.covers(standings[one])])
        cites = self._cites()
        return [NotWritten(one, cites) for one in stored.values()]

    @contextmanager
    def _about(self, caller: Caller, medium_id: str) -> Iterator[tuple[UnitOfWork, LongMedium]]:
        with (
            tries_logged(self.site, caller, Action.HOLD, ("medium", medium_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.long_media.get(medium_id) if is_id(medium_id) else None
            if found is None:
                raise NotFound("medium-not-found", medium=medium_id)
            if not self._may(unit, caller, found):
                raise OutOfSight("medium-not-found", medium=medium_id)
            if found.ended_at is not None:
                raise Conflict("medium-ended", medium=found.id)
            yield unit, found

    def _may(self, unit: UnitOfWork, caller: Caller, one: LongMedium) -> bool:
        """Tell whether a medium exists for somebody: they reach all that is on it."""
        there, now = reach(caller, Action.HOLD, self.site.bars()), self.site.clock.now()
        return all(there.covers(it) for it in unit.standings.some(one.recordings, now).values())

    def _rule(self) -> LongTermMedia | None:
        now = self.site.clock.now()
        return ways_out_of(
            pack_at(self.site.policies, now), pack_at(self.site.strictest, now)
        ).long_term_media

    def _cites(self) -> tuple[str, ...]:
        rule = self._rule()
        return () if rule is None else cite_ids(rule.cites)

    def _next(self, now: datetime) -> date | None:
        rule, today = self._rule(), local_day(self.site.policies, now)
        if rule is None:
            return None
        years, month = divmod(today.month - 1 + rule.check_months, 12)
        return date(today.year + years, month + 1, min(today.day, 28))

    def _log_look(self, unit: UnitOfWork, caller: Caller, which: str) -> None:
        entry = Entry(Act.READ_LIST, caller.id, facts={"list": which})
        unit.log.append(entry, self.site.clock.now())


def _is_due(one: LongMedium, today: date) -> bool:
    return one.ended_at is None and one.next_check is not None and one.next_check <= today


def _entry(
    act: Act,
    caller: Caller,
    one: LongMedium,
    facts: Mapping[str, object],
    personal: Mapping[str, object] | None = None,
) -> Entry:
    about = (("medium", one.id), *(("recording", id_) for id_ in one.recordings))
    return Entry(act, caller.id, about, facts=facts, personal=personal or {})
