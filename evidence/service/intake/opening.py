"""Opening uploads: whether each is taken, and what is written of it. Those that come at once share a commit.

That a new one is taken is decided in the transaction that writes it, over all that are open: two who come at
once never both have the last place, or the last bytes of the disc.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.recordings import NOT_MEASURED, Origin
from evidence.domain.uploads import Upload
from evidence.errors import Conflict, EvidenceError, Invalid, NoSpace, Unavailable
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile
from evidence.service.instruments import pack_at
from evidence.service.intake.cards import check_offset
from evidence.service.intake.hand_docking import keep_sender
from evidence.service.jobs import JobName
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from evidence.service.together import Together
from storage.errors import StorageError

# Kept free so that the log and the seals of what is already here can go on when the disc fills up.
RESERVE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class _Opening:
    """A new upload and who opens it."""

    caller: Caller
    upload: Upload

    def entries(self) -> Iterator[Entry]:
        """Yield what the log says of it."""
        about, size = (("upload", self.upload.id),), self.upload.origin.size_bytes
        yield Entry(Act.UPLOAD_CREATE, self.caller.id, about, facts={"size": size})
        if not self.upload.is_resumable:
            yield Entry(Act.UPLOAD_COMPLETE, self.caller.id, about)


@dataclass(frozen=True)
class Openings:
    """Writes new uploads, whose first bytes are staged."""

    site: Site

    def write(self, caller: Caller, upload: Upload) -> Upload:
        """Write a new upload with its entries, together with those that come at once; return it as its card's
        list has it. Raises: Invalid("clock-offset-unconfirmed"), Conflict("too-many-open-uploads"), NoSpace:
        it is not taken, nothing is written of it, and its bytes are gone; what the database raises: they are
        gone where it is known that nothing is written.
        """
        try:
            made = self._written(_Opening(caller, upload))
            if isinstance(made, EvidenceError):
                raise made
        except Exception as problem:
            if not (isinstance(problem, Unavailable) and problem.fields.get("outcome") == "unknown"):
                self._forget(upload.id)
            raise
        return made

    def _written(self, opening: _Opening) -> Upload | EvidenceError:
        try:
            return self._together.add(opening)
        except Unavailable:  # it is everybody's trouble; of a commit nobody knows yet what became
            raise
        except Exception:  # noqa: BLE001  (what one of them meets ends the attempt of all: each alone)
            return self._write([opening])[0]

    def _forget(self, upload_id: str) -> None:
        """Remove the bytes of an upload of which no row speaks. Where that fails they are debris, which is
        told and cleared, but after days only: a dock that tries again sends them anew each time.
        """
        with suppress(EvidenceError, StorageError):
            with self.site.database.reading() as unit:
                is_written = unit.uploads.get(upload_id) is not None
            if not is_written:
                self.site.staging.remove(upload_id)

    @cached_property
    def _together(self) -> Together[_Opening, Upload | EvidenceError]:
        return Together(self._write)

    def _write(self, openings: Sequence[_Opening]) -> Sequence[Upload | EvidenceError]:
        """Write new uploads in one transaction, each with its own entries; return in the place of each that
        is not taken why.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            made = self._judged(unit, [one.upload for one in openings], now)
            taken = [
                (one, upload)
                for one, upload in zip(openings, made, strict=True)
                if not isinstance(upload, EvidenceError)
            ]
            for one, _ in taken:
                keep_sender(unit, one.caller, now)
            opened = [upload for _, upload in taken]
            unit.uploads.add_all(opened)
            unit.log.append_all([entry for one, _ in taken for entry in one.entries()], now)
            for upload in opened:
                self.site.staging.size(upload.id)  # Missing where a clock that leapt had it cleared as debris
            if complete := [one.id for one in opened if not one.is_resumable]:
                unit.jobs.add_all(JobName.SEAL, complete, now)
        if complete:
            self.site.bell.ring(JobName.SEAL)
        return made

    def _judged(
        self, unit: UnitOfWork, new: Sequence[Upload], now: datetime
    ) -> Sequence[Upload | EvidenceError]:
        """Return each upload as its card's list has it, or why it is not taken: a large clock offset only
        from a card's list that gives it, for a person has confirmed that one; so many uploads of a dock at
        once; and only what the staging area holds beside its reserve.

        Nobody else writes meanwhile: of two for whom there is one place, one has it.
        """
        receiving, pack = unit.uploads.receiving(), pack_at(self.site.policies, now)
        count = Counter({id_: many for id_, (many, _) in receiving.items()})
        # What came along is on the disc already, and takes the room of nobody before its own turn.
        left = self._space() + sum(one.offset for one in new) - sum(owed for _, owed in receiving.values())
        made: list[Upload | EvidenceError] = []
        for one, file in zip(new, unit.cards.match_all([one.origin for one in new]), strict=True):
            try:
                _verify_offset(one.origin, file, pack)
                if count[one.account_id] >= self.site.terms.open_uploads:
                    raise Conflict("too-many-open-uploads", open=count[one.account_id])
                _verify_fits(one.origin.size_bytes, left)
            except (Invalid, Conflict, NoSpace) as problem:
                made.append(problem)
                continue
            left -= one.origin.size_bytes
            if one.is_resumable:
                count[one.account_id] += 1
            made.append(_as_announced(one, file))
        return made

    def verify_space(self, size_bytes: int) -> None:
        """Raises: NoSpace, where there is none even if nobody else is owed any."""
        _verify_fits(size_bytes, self._space())

    def _space(self) -> int:
        return self.site.staging.free_bytes() - RESERVE_BYTES


def _verify_fits(size_bytes: int, left: int) -> None:
    """Raises: NoSpace."""
    if left < size_bytes:
        raise NoSpace("no-space", where="staging", size=size_bytes)


def _verify_offset(origin: Origin, file: AnnouncedFile | None, pack: Pack) -> None:
    """Raises: Invalid("clock-offset-unconfirmed")."""
    if file is None or file.origin.clock_offset_ms != origin.clock_offset_ms:
        check_offset(origin, pack)


def _as_announced(upload: Upload, file: AnnouncedFile | None) -> Upload:
    """Take card, offset and labels from the card's list where the sender does not repeat them."""
    if file is None:
        return upload
    own, known = upload.origin, file.origin
    measured = next((one for one in (own, known) if one.is_offset_measured), None)
    labels = own.given_labels or known.given_labels
    origin = replace(
        own,
        card_id=own.card_id or known.card_id,
        clock_offset_ms=0 if measured is None else measured.clock_offset_ms,
        labels={**labels, **(NOT_MEASURED if measured is None else {})},
    )
    return replace(upload, origin=origin)
