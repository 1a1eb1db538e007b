"""Taking out of the system what an export has become: its media, to be written, and its documents.

1. A medium is taken by whoever hands the export over, while its package waits for that and its approval
   stands: logged before the first byte, and asked again on its way. For a transfer that is the unit named for
   it (Dazhe 2020 art. 14); for all else somebody who may export each of its files.
2. What is set from the custody statement names all that is in the package. Whoever may not know of one of its
   files is not given it, but for those who hand a transfer over: people of the unit named for it whose right
   that is, until its receipt is there. Others of that unit learn no more than they would elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from evidence.bundle.layout import MEDIA_LIST
from evidence.domain.access import Caller, Purpose
from evidence.domain.audit import Act, Entry
from evidence.domain.exports import Export, State, Volume, Way
from evidence.domain.rights import Action
from evidence.errors import Conflict, NotFound, Refused
from evidence.service.court.export_access import (
    Handout,
    about_export,
    entry_of,
    handout_of,
    is_with_transfer_unit,
    lapse_if_changed,
    may_about,
    over,
    stands,
    verify_transfer_unit,
)
from evidence.service.court.export_lists import ListedExport, listed_of, seals_of
from evidence.service.court.export_ports import Papers, Shelf
from evidence.service.gate import admits
from evidence.service.lasting import caller_now
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

OF_THE_STATEMENT = frozenset({"custody-report", "evidence-list", "us-certificate"})
WAITS = frozenset({State.BUILT})


@dataclass(frozen=True, slots=True)
class Taken:
    """A range [start, end) of a medium of this size in one file, open for reading. verify: raises when it may
    not go on."""

    file: BinaryIO
    start: int
    end: int
    size: int
    name: str
    verify: Callable[[], None]


@dataclass(frozen=True)
class TakingOut:
    """The desk where media and documents are taken from."""

    site: Site
    shelf: Shelf
    papers: Papers

    @admits(Action.READ_EXPORTS)
    def document(self, caller: Caller, export_id: str, kind: str) -> Handout:
        """Return a document about an export, as PDF; the look is logged.

        Raises: NotFound("export-not-found"), Refused("files-unseen"), as `Papers.export`.
        """
        now = self.site.clock.now()
        with about_export(self.site, caller, Action.READ_EXPORTS, export_id) as (unit, found):
            entry = Entry(
                Act.READ_LIST,
                caller.id,
                (("export", found.id),),
                facts={"list": "exports", "paper": kind[:40]},
            )
            listed = replace(listed_of(unit, self.site, caller, found), seals=seals_of(unit, found))
            if kind in OF_THE_STATEMENT and not self._knows_all(unit, caller, listed):
                raise Refused("files-unseen", action=Action.READ_EXPORTS.value)
            unit.log.append(entry, now)
            named = handout_of(unit, found, f"{kind}.pdf", b"")
        return replace(named, body=self.papers.export(listed, kind, now))

    @admits(Action.EXPORT)
    def medium(
        self, caller: Caller, export_id: str, number: int, choose: Callable[[int], tuple[int, int]]
    ) -> Taken:
        """Open a medium of a package, to be written: an image or archive as it is, a folder as the archive
        that is retained of it. The entry stands in the log before this returns.

        Raises: NotFound("export-not-found", "medium-not-found"), Conflict("not-built", "already-handed-over",
        "already-received", "approval-lapsed", "no-transfer-unit"),
        Refused("not-the-transfer-unit"); as `admit_to_recording`; what choosing raises.
        """
        found = self._admitted(caller, export_id, number)
        with tries_logged(self.site, caller, Action.EXPORT, ("export", export_id)):
            with self.site.database.reading() as unit:
                volume = self._volume(unit, caller, unit.exports.get(found.id) or found, number)
            file, size = self.shelf.open(found.number, volume.file)
            try:
                start, end = choose(size)
                facts = {"end": end, "medium": volume.label, "sha256": volume.sha256, "start": start}
                with self.site.database.writing() as unit:
                    fresh = unit.exports.get(found.id) or found
                    self._volume(unit, caller, fresh, number)
                    entry = entry_of(Act.EXPORT_TAKE, caller.id, fresh, facts)
                    unit.log.append(entry, self.site.clock.now())
            except BaseException:
                file.close()
                raise
        return Taken(file, start, end, size, volume.file, lambda: self._verify(caller, found.id))

    @admits(Action.EXPORT)
    def media_list(self, caller: Caller, export_id: str) -> Handout:
        """Return `media.json` of a package, with the commands to burn and to read back; logged as media are.

        Raises: as `medium`.
        """
        found = self._admitted(caller, export_id, 1)
        file, size = self.shelf.open(found.number, MEDIA_LIST)
        with file:
            listed = file.read(size)
        facts = {"end": size, "medium": MEDIA_LIST, "sha256": hashlib.sha256(listed).hexdigest(), "start": 0}
        tried = tries_logged(self.site, caller, Action.EXPORT, ("export", export_id))
        with tried, self.site.database.writing() as unit:
            fresh = unit.exports.get(found.id) or found
            self._volume(unit, caller, fresh, 1)
            unit.log.append(entry_of(Act.EXPORT_TAKE, caller.id, fresh, facts), self.site.clock.now())
            return handout_of(unit, fresh, MEDIA_LIST, listed)

    def _admitted(self, caller: Caller, export_id: str, number: int) -> Export:
        """Return an export of which somebody may take a medium. Raises: as `medium`."""
        with about_export(self.site, caller, Action.EXPORT, export_id) as (unit, found):
            self._volume(unit, caller, found, number)
        if found.way is not Way.TRANSFER:
            for item in found.granted:
                admit_to_recording(self.site, caller, Action.EXPORT, item.recording_id, Purpose.EXPORT)
        lapse_if_changed(self.site, found)
        return found

    def _verify(self, caller: Caller, export_id: str) -> None:
        """Verify that somebody may go on taking. Raises: Refused("right-ended")."""
        with self.site.database.reading() as unit:
            found, now = unit.exports.get(export_id), caller_now(unit, self.site, caller)
            if (
                found is None
                or now is None
                or not may_about(unit, self.site, now, Action.EXPORT, found)
                or not stands(unit, self.site, found, WAITS)
            ):
                raise Refused("right-ended", action=Action.EXPORT.value)
            verify_transfer_unit(unit, self.site, now, found)

    def _volume(self, unit: UnitOfWork, caller: Caller, one: Export, number: int) -> Volume:
        verify_transfer_unit(unit, self.site, caller, one)
        if one.state not in WAITS or one.built is None:
            raise Conflict(over(one.state) or "not-built", export=one.id, state=one.state)
        volume = next((one for one in one.built.volumes if one.number == number), None)
        if volume is None:
            raise NotFound("medium-not-found", number=number)
        return volume

    def _knows_all(self, unit: UnitOfWork, caller: Caller, listed: ListedExport) -> bool:
        one = listed.export
        if all(item.recording_id in listed.titles for item in one.granted):
            return True
        hands_over = may_about(unit, self.site, caller, Action.EXPORT, one)
        is_open = one.state in WAITS | {State.HANDED_OVER}
        return is_open and hands_over and is_with_transfer_unit(unit, caller, one)
