"""A card is announced: the list of its files starts the clock of what must come (Dazhe 2020 art. 12).

Announcing is idempotent on (device, name, size, modified): the same card docked twice owes each file once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.recordings import Origin
from evidence.domain.rights import Action, Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Invalid
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile, StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.intake.binding import verify_bound
from evidence.service.intake.card_losses import GoneFile, gone_from, note_gone, settle_gone
from evidence.service.intake.carrying import what_wearer_lacks
from evidence.service.intake.hand_docking import keep_sender, listed_by_hand
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_FILES = 20_000
LONGEST_NAME_BYTES = 4096
LONGEST_TEXT = 200
LARGEST_OFFSET_MS = 100 * 365 * 86_400_000
MOST_LABELS = 20
# Times beyond these cannot be reckoned with; no file system of a recorder can hold one.
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_LABEL = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class FileStanding:
    """Where one announced file stands. state: "wanted", "receiving", "sealing" or "sealed".

    check: what the last reading back of the recording found: "ok", a fault, None before the first.
    not_stored: what this list gives otherwise than it stands with the file already, by its key in an upload's
    metadata ("wearer", "clock-offset-ms", "label-…"): what is given first is sealed.
    """

    file: AnnouncedFile
    state: str
    upload_id: str | None
    recording_id: str | None
    check: str | None = None
    not_stored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cards:
    """The desk for card lists."""

    site: Site

    @admits(Action.ANNOUNCE_CARD)
    def announce(
        self,
        caller: Caller,
        card: Origin,
        files: Sequence[Origin],
        *,
        offset_confirmed: bool = False,
        sent_at: datetime | None = None,
    ) -> tuple[str, list[FileStanding], Sequence[GoneFile]]:
        """Take a card's list. `card` holds device, wearer, offset and labels; each of `files` name, size,
        time. offset_confirmed: a person says that an offset beyond the pack's limit is meant. sent_at: by the
        sender's own clock. By a person: hand_docking.py. Returned: id, standings, what is gone.

        Raises: Invalid for an empty device, a bad name, a negative size, a name listed twice, too many files,
        a large offset that nobody confirmed; Refused("device-not-of-dock"); as `listed_by_hand`.
        """
        _check_list(card, files)
        verify_bound(self.site, caller, Action.ANNOUNCE_CARD, card.device)
        by_hand = caller.kind is Kind.PERSON
        if by_hand:
            card, files = listed_by_hand(self.site, caller, card, files)
        wearers = {_key(one): one.wearer for one in files} if by_hand else {}
        now, card_id = self.site.clock.now(), new_id()
        if not offset_confirmed:
            check_offset(card, pack_at(self.site.policies, now))
        with self.site.database.writing() as unit:
            keep_sender(unit, caller, now)
            unit.cards.add(card_id, caller.id, card, now)
            announced = unit.cards.announce(
                [AnnouncedFile(new_id(), card_id, replace(file, card_id=card_id), now) for file in files]
            )
            sent = self._sent(unit, caller, announced)
            gone = self._gone(unit, caller, replace(card, card_id=card_id), announced, now)
            lacks = what_wearer_lacks(unit, card.wearer, self.site, now)
            facts = _facts(len(files), lacks, gone) | _ways(by_hand, sent_at, now)
            unit.log.append(Entry(Act.CARD_ANNOUNCE, caller.id, (("card", card_id),), facts=facts), now)
        given = [replace(card, wearer=wearers.get(_key(one.origin), card.wearer)) for one in announced]
        # A person hears of what they sent themselves, and of nothing that others did.
        told = [one for one in announced if not by_hand or _key(one.origin) in sent]
        return card_id, self._standings(given, announced, sent, [one.recording_id for one in told]), gone

    def _gone(
        self, unit: UnitOfWork, caller: Caller, card: Origin, listed: Sequence[AnnouncedFile], now: datetime
    ) -> Sequence[GoneFile]:
        """Return what the list lacks; a dock's list is the whole card, and what that lacks is found."""
        gone, pack = gone_from(unit, caller, card.device, listed), pack_at(self.site.policies, now)
        if caller.kind is not Kind.PERSON:
            note_gone(unit, gone, pack, now)
        for one in listed:
            if one.recording_id is None and one.card_id != card.card_id:
                settle_gone(unit, one, pack, now)
        return gone

    def _standings(
        self,
        given: Sequence[Origin],
        files: Sequence[AnnouncedFile],
        sent: Mapping[_Key, Upload],
        told: Sequence[str | None],
    ) -> list[FileStanding]:
        """Return where each file stands. given: what the list says of each beside name, size and time. told:
        the recordings of which more is said."""
        with self.site.database.reading() as unit:
            stored = unit.recordings.some([one for one in told if one])
        return [
            _with_facts(card, _standing(file, upload), stored.get(file.recording_id or ""), upload)
            for card, file in zip(given, files, strict=True)
            for upload in [sent.get(_key(file.origin))]
        ]

    def _sent(self, unit: UnitOfWork, caller: Caller, files: Sequence[AnnouncedFile]) -> dict[_Key, Upload]:
        """Return this dock's newest upload of each file. What another dock sent is wanted again: uploads and
        receipts belong to the dock that sent the bytes, and the same bytes give the same recording.
        """
        if not files:
            return {}
        states = [UploadState.RECEIVING, UploadState.COMPLETE, UploadState.SEALED, UploadState.REFUSED]
        names = [file.origin.name for file in files]
        uploads = unit.uploads.named(files[0].origin.device, names, states)
        return {_key(one.origin): one for one in uploads if one.account_id == caller.id}


def _facts(files: int, lacks: Sequence[str], gone: Sequence[GoneFile]) -> dict[str, object]:
    lost = {"gone": len(gone)} if gone else {}
    return {"files": files, **lost, **({"wearer_lacks": list(lacks)} if lacks else {})}


def _ways(by_hand: bool, sent_at: datetime | None, now: datetime) -> dict[str, object]:
    """Return what the log says of a person's list: how far the clock is ahead that their browser showed."""
    ahead = None if sent_at is None else round((sent_at - now).total_seconds() * 1000)
    return {"by_hand": True, "browser_ahead_ms": ahead} if by_hand else {}


_Key = tuple[str, int, datetime | None]


def _key(origin: Origin) -> _Key:
    return origin.name, origin.size_bytes, origin.modified_at


def _standing(file: AnnouncedFile, upload: Upload | None) -> FileStanding:
    if upload is None or (upload.state is UploadState.REFUSED and upload.problem != "name-reused"):
        return FileStanding(file, "wanted", None, None)
    if (
        upload.state is UploadState.REFUSED
    ):  # its receipt says why; the bytes are kept once, not at each docking
        return FileStanding(file, "sealing", upload.id, None)
    if file.recording_id is not None and upload.state is UploadState.SEALED:
        return FileStanding(file, "sealed", upload.id, file.recording_id)
    if upload.state is UploadState.SEALED:
        return FileStanding(file, "wanted", None, None)
    return FileStanding(file, "receiving" if upload.is_resumable else "sealing", upload.id, None)


def _with_facts(
    card: Origin, standing: FileStanding, stored: StoredRecording | None, upload: Upload | None
) -> FileStanding:
    """Say with a standing what is known about the original, so that nobody empties the only good copy, and
    what the card's list gives in vain."""
    if stored is not None:
        not_stored = _differing(card, stored.recording.origin)
        return replace(standing, check=stored.check_result, not_stored=not_stored)
    if upload is not None and standing.upload_id == upload.id:
        return replace(standing, not_stored=_differing(card, upload.origin))
    return standing


def _differing(given: Origin, stands: Origin) -> tuple[str, ...]:
    """Return the keys of what is given otherwise; an offset of 0, one that was not measured, and an empty
    label count as not given."""
    fields = {
        "wearer": given.wearer != stands.wearer,
        "clock-offset-ms": given.clock_offset_ms not in (0, stands.clock_offset_ms),
    }
    fields |= {
        f"label-{name}": text not in ("", stands.labels.get(name))
        for name, text in given.given_labels.items()
    }
    return tuple(field for field, differs in fields.items() if differs)


def check_offset(card: Origin, pack: Pack) -> None:
    """Refuse an offset that can change the deadline's outcome by a slip of the hand. Raises: Invalid."""
    limit = pack.upload_deadline.largest_offset
    if abs(card.clock_offset) > limit:
        raise Invalid(
            "clock-offset-unconfirmed",
            clock_offset_s=f"{card.clock_offset.total_seconds():g}",
            limit_s=f"{limit.total_seconds():g}",
        )


def _check_list(card: Origin, files: Sequence[Origin]) -> None:
    if len(files) > MOST_FILES:
        raise Invalid("too-many-files", files=len(files), limit=MOST_FILES)
    seen: set[str] = set()
    for file in files:
        check_origin(file)
        if file.name in seen:
            raise Invalid("name-twice", name=file.name)
        seen.add(file.name)
    check_origin(replace(card, name="-", size_bytes=0))


def check_origin(origin: Origin) -> None:
    """Refuse what cannot be stored as data; odd names (.., control characters) are data and pass.

    Raises: Invalid.
    """
    if origin.size_bytes < 0 or origin.size_bytes >= 2**63:
        raise Invalid("invalid-size", size=origin.size_bytes)
    if abs(origin.clock_offset_ms) > LARGEST_OFFSET_MS:
        raise Invalid(
            "invalid-clock-offset", clock_offset_ms=origin.clock_offset_ms, limit_ms=LARGEST_OFFSET_MS
        )
    if origin.modified_at is not None and not EARLIEST <= origin.modified_at <= LATEST:
        raise Invalid("invalid-metadata", key="modified")
    if origin.card_id is not None and not is_id(origin.card_id):
        raise Invalid("invalid-text", field="card")
    texts = {"name": origin.name, "device": origin.device, "wearer": origin.wearer}
    for field, text in [*texts.items(), *origin.given_labels.items()]:
        if "\0" in text or not _is_unicode(text) or len(text.encode()) > LONGEST_NAME_BYTES:
            raise Invalid("invalid-text", field=field)
    for field, text in texts.items():
        if not text:
            raise Invalid("missing-text", field=field)
    _check_sizes(origin)


def _check_sizes(origin: Origin) -> None:
    """Refuse what would not fit into a manifest of 64 KiB with ASCII keys: it could never be sealed."""
    for field, text in (("device", origin.device), ("wearer", origin.wearer)):
        if len(text) > LONGEST_TEXT:
            raise Invalid("invalid-text", field=field)
    if len(origin.given_labels) > MOST_LABELS or not all(map(_LABEL.fullmatch, origin.labels)):
        raise Invalid("invalid-text", field="labels")
    if sum(len(text.encode()) for text in origin.given_labels.values()) > LONGEST_NAME_BYTES:
        raise Invalid("invalid-text", field="labels")


def _is_unicode(text: str) -> bool:
    return not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)
