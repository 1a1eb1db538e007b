"""What the use cases need of the tables of recordings, from the list of a card to the findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.access import Reach
from evidence.domain.digests import Digests
from evidence.domain.findings import Code, Finding
from evidence.domain.origins import Elsewhere
from evidence.domain.recordings import Origin, Recording
from evidence.domain.uploads import Upload, UploadState
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile, Scope, Section, StoredFinding, StoredRecording


class Claims(Protocol):
    """Who may seal under a device's file name: decided once, before anything is locked."""

    def take(self, device: str, name: str, upload_id: str) -> str:
        """Claim the name for an upload; return the upload that holds it (the first to ask, for ever)."""

    def take_all(self, wanted: Mapping[str, tuple[str, str]]) -> Mapping[str, str]:
        """Claim a device's name for each of some uploads; return the upload that holds each."""

    def release(self, upload_id: str) -> None:
        """Give up an upload's claim: nothing was sealed under it."""

    def keep_manifests(self, made: Mapping[str, tuple[Origin, bytes]]) -> Mapping[str, bytes]:
        """Keep the manifests of uploads that hold the claims of their origins; return the first that was kept
        of each, for ever.
        """


class Cards(Protocol):
    """Card lists and the files they announce."""

    def add(self, card_id: str, account_id: str, origin: Origin, at: datetime) -> None:
        """Add a card's list (device, wearer, offset and labels stand in `origin`)."""

    def announce(self, files: Sequence[AnnouncedFile]) -> Sequence[AnnouncedFile]:
        """Add files of one device, or return those there already for (name, size, modified), in order."""

    def match(self, origin: Origin) -> AnnouncedFile | None:
        """Return the announced file that an upload's origin names."""

    def match_all(self, origins: Sequence[Origin]) -> Sequence[AnnouncedFile | None]:
        """Return the same for each of these."""

    def mark_sealed(self, file_id: str, recording_id: str) -> None:
        """Note which recording an announced file became."""

    def outstanding(
        self,
        *,
        reach: Reach | None = None,
        at: datetime | None = None,
        device: str | None = None,
        section: Section = Section(),  # noqa: B008 (frozen)
    ) -> Sequence[AnnouncedFile]:
        """Return announced files that are not sealed, oldest announcement first; reach: as in Recordings;
        device: of one recorder. section: of its units are those whose wearer is of one now.
        """


class Uploads(Protocol):
    """Resumable uploads."""

    def add(self, upload: Upload) -> None:
        """Add a new upload."""

    def add_all(self, new: Sequence[Upload]) -> None:
        """Add new uploads."""

    def get(self, upload_id: str) -> Upload | None:
        """Return one upload."""

    def some(self, upload_ids: Collection[str]) -> Mapping[str, Upload]:
        """Return those of these uploads that there are, by id."""

    def named(self, device: str, names: Sequence[str], states: Iterable[UploadState]) -> Sequence[Upload]:
        """Return the uploads of a device under any of these names, in one of the states, oldest first."""

    def move_offset(self, upload_id: str, old: int, new: int, expires_at: datetime) -> None:
        """Move the durable offset from old to new. Raises: Conflict when it is not at old."""

    def complete(self, upload_id: str, digests: Digests | None, at: datetime) -> None:
        """Note that all bytes are durable; digests are None when they must be read again."""

    def end(
        self,
        upload_id: str,
        state: UploadState,
        *,
        problem: str | None = None,
        recording_id: str | None = None,
    ) -> None:
        """Move an upload to an end state."""

    def end_sealed(self, recording_ids: Mapping[str, str]) -> None:
        """Move uploads to their end: each is the recording with this id."""

    def receiving(self) -> Mapping[str, tuple[int, int]]:
        """Return of each account how many uploads it has open, and how many bytes they may still send."""

    def stale(self, now: datetime) -> Sequence[Upload]:
        """Return uploads still receiving whose time has run out."""

    def in_state(
        self, state: UploadState, *, reach: Reach | None = None, at: datetime | None = None
    ) -> Sequence[Upload]:
        """Return the uploads in a state, oldest first; reach: as in Recordings."""


class Recordings(Protocol):
    """The catalogue of sealed recordings."""

    def add_all(self, new: Sequence[tuple[str, Recording, bytes]]) -> None:
        """Add recordings, each with its upload and its receipt. Raises: Conflict when device and name are
        taken.
        """

    def get(self, recording_id: str) -> StoredRecording | None:
        """Return one recording."""

    def some(self, recording_ids: Collection[str]) -> Mapping[str, StoredRecording]:
        """Return those of these recordings that there are, by id."""

    def listed(self, recording_ids: Collection[str]) -> Mapping[str, StoredRecording]:
        """Return the same, for lists, in a transaction that only reads."""

    def by_name(self, device: str, name: str) -> StoredRecording | None:
        """Return the recording of a device under a name."""

    def all(
        self,
        device: str | None = None,
        *,
        reach: Reach | None = None,
        at: datetime | None = None,
        section: Section = Section(),  # noqa: B008 (frozen)
    ) -> Iterator[StoredRecording]:
        """Yield recordings, oldest seal first: those within reach at a moment; without a reach, which is for
        the service's own work, all.
        """

    def newest(
        self, reach: Reach, at: datetime, most: int, before: tuple[datetime, str] | None = None
    ) -> Sequence[StoredRecording]:
        """Return recordings within reach at a moment, newest seal first: at most so many, and only those
        before a moment of sealing and an id.
        """

    def count(self, reach: Reach, at: datetime, section: Section, most: int) -> int:
        """Return how many recordings of a section are within reach at a moment; not more than so many."""

    def names_within(
        self, device: str, names: Collection[str], reach: Reach, at: datetime
    ) -> Collection[str]:
        """Return which of these names are recordings of a device within reach at a moment."""

    def elsewhere(self, ids: Collection[str]) -> Mapping[str, Elsewhere]:
        """Return one of them for each recording whose bytes are sealed as a file of another device too."""

    def unsound(self) -> int:
        """Count the recordings that were not what was sealed when they were last read back."""

    def note_end(self, recording_id: str, ended_at: datetime | None) -> None:
        """Note when the recording ended (corrected), as examination found."""

    def note_check(self, recording_id: str, at: datetime | None, result: str) -> None:
        """Note the outcome of reading an original back; at: None when that was not done to the end."""


class Examinations(Protocol):
    """Examinations and their findings; a new examination supersedes the one before, none is deleted."""

    def record(
        self, scope: Scope, kind: str, pack: Pack, facts: str, findings: Sequence[Finding], at: datetime
    ) -> bool:
        """Add an examination as the current one, unless that says the same already; tell whether it did."""

    def facts(self, scope_kind: str, scope_id: str, kind: str) -> str | None:
        """Return the facts of the current examination."""

    def all_facts(self, scope_kind: str, kind: str) -> Mapping[str, str]:
        """Return the facts of all current examinations of a kind, by scope id."""

    def facts_of(self, recording_ids: Collection[str], kind: str) -> Mapping[str, str]:
        """Return the same of these recordings, as far as there are any, by recording id."""

    def current(
        self,
        recording_id: str | None = None,
        device: str | None = None,
        *,
        reach: Reach | None = None,
        at: datetime | None = None,
    ) -> Sequence[StoredFinding]:
        """Return the findings of the current examinations; reach: as in Recordings."""

    def of_codes(self, recording_ids: Collection[str], codes: Collection[Code]) -> Sequence[StoredFinding]:
        """Return those of these recordings with these codes, oldest examination first."""

    def of_recordings(self, recording_ids: Collection[str]) -> Sequence[StoredFinding]:
        """Return those of these recordings, which somebody was admitted to, oldest examination first."""

    def of_none(self, reach: Reach, at: datetime) -> Sequence[StoredFinding]:
        """Return those within reach that belong to no recording, oldest examination first."""

    def named(self, subject: str) -> Collection[tuple[str, str]]:
        """Return recorder and file of those whose line in the gap report has this name; of findings from
        before they had names, nothing."""

    def superseded(self, code: Code, recording_ids: Collection[str] | None = None) -> Sequence[StoredFinding]:
        """Return the findings with this code of examinations that are no longer current, oldest first; of
        these recordings, or of all."""
