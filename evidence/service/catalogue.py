"""What the catalogue hands out: values of the domain with what the catalogue knows beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evidence.domain.labels import Given, history, standing_of
from evidence.domain.noted_lines import NotedLine
from evidence.domain.recordings import Origin, Recording
from evidence.domain.sign_in import DEFAULT, SignInRules


@dataclass(frozen=True, slots=True)
class AnnouncedFile:
    """One file of a card's list. recording_id is set once its bytes are sealed."""

    id: str
    card_id: str
    origin: Origin
    announced_at: datetime
    recording_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording with what the catalogue knows beside the seal."""

    recording: Recording
    receipt: bytes
    first_seen_at: datetime  # when the server first heard of it: its announcement, else its first byte
    ended_at: datetime | None
    checked_at: datetime | None
    check_result: str | None
    past_faults: tuple[str, ...] = ()  # found by earlier passes, not by the last; where asked for
    given: tuple[Given, ...] = ()  # what was said of its labels since docking
    gone_at: datetime | None = None  # its destruction began: no bytes are given any more

    @property
    def labels(self) -> Mapping[str, Given]:
        """What stands of its labels now, by name."""
        return standing_of(self.told)

    @property
    def told(self) -> tuple[Given, ...]:
        """All that was ever said of its labels, what came with it first."""
        return history(self.recording.origin.labels, self.recording.sealed_at, self.given)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an examination is about: kind "recording", "device", "upload" or "announced", and its id.

    recordings maps the names of files that findings speak of to recording ids.
    """

    kind: str
    id: str
    device: str
    recordings: Mapping[str, str] = field(default_factory=dict)

    def recording_of(self, file: str) -> str | None:
        """Return the recording that a finding about this file belongs to."""
        return self.recordings.get(file)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the catalogue that a report needs, for lists at scale: none of its recordings is left out,
    and some others may be in it. unit_ids: where they were placed; file: its name; first ≤ end of recording,
    or the moment the server first heard of the file, < last. None: any."""

    unit_ids: frozenset[str] | None = None
    device: str | None = None
    wearer: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    file: str | None = None

    def holds(self, device: str, wearer: str, name: str, counted_from: datetime) -> bool:
        """Tell whether a file that is not sealed may belong to it; of its unit nothing is asked."""
        return (
            self.device in (None, device)
            and self.wearer in (None, wearer)
            and self.file in (None, name)
            and (self.first is None or self.first <= counted_from)
            and (self.last is None or counted_from < self.last)
        )


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding with its place in the catalogue. body is Finding.as_json(). wearer: of a file that a list
    announced and that is no recording, where somebody has looked it up.
    """

    id: str
    scope_kind: str
    recording_id: str | None
    device: str
    at: datetime
    policy: str
    body: Mapping[str, object]
    wearer: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """Numbers of this site that are not law: how long uploads may rest, how often originals are re-read."""

    upload_rest: timedelta = timedelta(days=7)
    first_check: timedelta = timedelta(hours=24)
    next_check: timedelta = timedelta(days=30)
    sm3: bool = True
    deep: bool = True
    sign_in: SignInRules = DEFAULT
    longest_step: timedelta = timedelta(
        hours=12
    )  # between two checks of the log, to count as time (domain/lapses.py)
    open_uploads: int = 1000  # of one dock at once: each holds a staged file and memory
    names_kept: timedelta = timedelta(days=1095)  # of people who have left


@dataclass(frozen=True, slots=True)
class NotedRecording:
    """A recording as an index tells it. took: from the start of its clock to its seal; None: that start is
    not its end. lines: None where its findings must be read."""

    id: str
    unit_id: str | None
    person_id: str | None
    wearer: str
    seen_at: datetime
    counted_from: datetime
    took: timedelta | None
    lines: Sequence[NotedLine] | None
