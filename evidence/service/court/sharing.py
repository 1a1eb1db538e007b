"""Sharing by link what was approved to go out (Dazhe 2020 art. 15): to one person, for a while.

1. Who made the link hands over link and code on two ways. The link is opened once, with the code; after five
   wrong codes it is worthless.
2. What is opened then is the files that were granted, and only while the approval stands: each range is asked
   for anew, logged before its first byte, and a long one is asked again on its way. Where the link does not
   let them be taken along, they are shown on its page only, with the recipient's name over them.
   No link outlasts the approval, whose days stand in the pack.
3. A link is revoked at once by whoever may make one. No secret of it is in the vault or in the log.
A transfer goes on media, never by link.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Purpose
from evidence.domain.audit import Act, Entry
from evidence.domain.exports import Export, State, Way
from evidence.domain.ids import is_id, new_id
from evidence.domain.rights import Action
from evidence.domain.shares import Share, ShareState
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.court.export_access import about_export, stands, verify_is_person
from evidence.service.court.export_ports import Derivatives
from evidence.service.court.shared_files import SharedFile, SharedSheet, Shown, files_of
from evidence.service.gate import admits
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_DIGITS = 8
SHARED = frozenset({State.APPROVED, State.BUILT, State.HANDED_OVER})
ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Made:
    """A new share with its secrets, which are told once."""

    share: Share
    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What somebody opened. session: what they come with from now on."""

    share: Share
    session: str
    files: Sequence[SharedFile]


@dataclass(frozen=True)
class Sharing:
    """The desk for links."""

    site: Site
    derivatives: Derivatives

    @admits(Action.SHARE)
    def share(self, caller: Caller, export_id: str, hours: int, *, may_download: bool) -> Made:
        """Make a link to what was approved, good for some hours and one person, and no longer than the
        approval is.

        Raises: NotFound("export-not-found"), Refused("persons-only"), Conflict("transfer-not-shared",
        "not-approved"),
        Invalid("invalid-measure", "beyond-approval"); as `admit_to_recording`.
        """
        if hours < 1:
            raise Invalid("invalid-measure", field="hours")
        with about_export(self.site, caller, Action.SHARE, export_id) as (_, found):
            verify_is_person(caller, Action.SHARE)
        for item in found.granted:
            admit_to_recording(self.site, caller, Action.SHARE, item.recording_id, Purpose.EXPORT)
        token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        now, hashed = self.site.clock.now(), self.site.passwords.write(code)
        with about_export(self.site, caller, Action.SHARE, export_id) as (unit, found):
            if found.way is Way.TRANSFER:
                raise Conflict("transfer-not-shared", export=found.id)
            if not stands(unit, self.site, found, SHARED):
                raise Conflict("not-approved", export=found.id, state=found.state)
            until = self._until(found, hours, now)
            secret = (_digest(token), hashed)
            new = Share(new_id(), found.id, *secret, may_download, caller.id, now, until)
            unit.shares.add(new)
            facts = {"download": may_download, "hours": hours}
            unit.log.append(_entry(Act.SHARE_MAKE, caller.id, new, found, facts), now)
        return Made(new, token, code)

    def _until(self, one: Export, hours: int, now: datetime) -> datetime:
        """Return when a link ends: before the day after the last of the approval. Raises:
        Invalid("beyond-approval") with how many hours are left."""
        assert one.decision is not None
        assert one.decision.valid_to is not None  # its approval stands
        last, zone = one.decision.valid_to, ZoneInfo(self.site.policies.latest.time_zone)
        over = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
        most = -(-(over - now) // timedelta(hours=1)) - 1
        if hours > most:
            raise Invalid("beyond-approval", most=most, valid_to=last.isoformat())
        return now + timedelta(hours=hours)

    @admits(Action.SHARE)
    def of(self, caller: Caller, export_id: str) -> Sequence[Share]:
        """Return the links of an export, oldest first. Raises: NotFound("export-not-found")."""
        with about_export(self.site, caller, Action.SHARE, export_id) as (unit, found):
            return unit.shares.of(found.id)

    @admits(Action.SHARE)
    def revoke(self, caller: Caller, share_id: str) -> Share:
        """Make a link worthless at once, and break what is on its way by it.

        Raises: NotFound("share-not-found", "export-not-found"), Conflict("share-revoked").
        """
        with self.site.database.reading() as unit:
            share = unit.shares.get(share_id) if is_id(share_id) else None
        if share is None:
            raise NotFound("share-not-found", share=share_id)
        now = self.site.clock.now()
        with about_export(self.site, caller, Action.SHARE, share.export_id) as (unit, found):
            share = unit.shares.get(share.id) or share
            if share.revoked_at is not None:
                raise Conflict("share-revoked", share=share.id)
            done = replace(share, revoked_by=caller.id, revoked_at=now)
            unit.shares.put(done)
            unit.log.append(_entry(Act.SHARE_REVOKE, caller.id, done, found, {}), now)
        return done

    def open(self, token: str, code: str) -> Opened:
        """Open a link, once, with its code. Nobody needs an account for it.

        Raises: Refused("share-refused"), whatever is the matter; a wrong code is logged.
        """
        session, now = secrets.token_urlsafe(32), self.site.clock.now()
        with self.site.database.reading() as unit:
            share = unit.shares.by_token(_digest(token))
        if share is None:  # at once: nobody guesses a token, and strangers cost no hashing
            raise Refused("share-refused")
        fits = self.site.passwords.matches(share.code, code)
        with self.site.database.writing() as unit:
            share = unit.shares.get(share.id) or share
            found = unit.exports.get(share.export_id)
            is_ready = share.state(now) is ShareState.WAITING and found is not None
            if found is not None and is_ready and fits and stands(unit, self.site, found, SHARED):
                done = replace(share, opened_at=now, session_sha256=_digest(session))
                unit.shares.put(done)
                unit.log.append(_entry(Act.SHARE_OPEN, ANYONE, done, found, {}), now)
                return Opened(done, session, files_of(self.site, self.derivatives, unit, found))
            if found is not None:
                tried = replace(share, failures=share.failures + (is_ready and not fits))
                unit.shares.put(tried)
                entry = _entry(Act.SHARE_FAIL, ANYONE, tried, found, {"failures": tried.failures})
                unit.log.append(replace(entry, result="refused"), now)
        raise Refused("share-refused")

    def is_revoked(self, token: str) -> bool:
        """Tell whether a link was revoked. Only who has it can ask: a token is not to be guessed."""
        with self.site.database.reading() as unit:
            share = unit.shares.by_token(_digest(token))
        return share is not None and share.revoked_at is not None

    def look(self, session: str) -> SharedSheet:
        """Return what somebody has opened. Raises: Refused("share-refused")."""
        with self.site.database.reading() as unit:
            share, found = self._opened(unit, session)
            provider = full_names(unit.units.all()).get(found.unit_id, "")
            return SharedSheet(share, found, provider, files_of(self.site, self.derivatives, unit, found))

    def read(
        self, session: str, number: int, choose: Callable[[int], tuple[int, int]], *, to_keep: bool
    ) -> Shown:
        """Open a range of a file; the entry stands in the log before this returns. to_keep: it is taken
        along, not shown on the link's page.

        Raises: Refused("share-refused", "share-shows-only"), NotFound("shared-file-not-found"); what choosing
        raises.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            share, found = self._opened(unit, session)
            if to_keep and not share.may_download:
                raise Refused("share-shows-only")
            files = files_of(self.site, self.derivatives, unit, found)
            if not 0 < number <= len(files):
                raise NotFound("shared-file-not-found", number=number)
            item, about = found.granted[number - 1], files[number - 1]
            size = about.size_bytes if to_keep else about.shown.size_bytes
            start, end = choose(size)
            facts = {
                "end": end,
                "kept": to_keep,
                "number": number,
                "proxy": about.is_proxy and not to_keep,
                "start": start,
            }
            objects = (("share", share.id), ("recording", item.recording_id))
            unit.log.append(Entry(Act.SHARE_READ, ANYONE, objects, facts=facts), now)
        file = self.site.vault.open(*(about.place if to_keep else about.shown.place))
        name = f"{found.number}_{about.name}"  # the recorder's own stands in it whole
        return Shown(file, start, end, size, name, about, lambda: self.verify(session))

    def verify(self, session: str) -> None:
        """Verify that what was opened may still be read. Raises: Refused("share-refused")."""
        with self.site.database.reading() as unit:
            self._opened(unit, session)

    def _opened(self, unit: UnitOfWork, session: str) -> tuple[Share, Export]:
        share = unit.shares.by_session(_digest(session))
        found = None if share is None else unit.exports.get(share.export_id)
        is_open = share is not None and share.state(self.site.clock.now()) is ShareState.OPEN
        if share is None or found is None or not is_open or not stands(unit, self.site, found, SHARED):
            raise Refused("share-refused")
        return share, found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _entry(act: Act, by: str, share: Share, export: Export, facts: Mapping[str, object]) -> Entry:
    items = tuple(("recording", item.recording_id) for item in export.granted)
    return Entry(act, by, (("share", share.id), ("export", export.id), *items), facts=facts)
