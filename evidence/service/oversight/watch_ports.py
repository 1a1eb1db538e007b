"""What the use cases that watch over access need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from evidence.domain.access import Reach
from evidence.domain.emergencies import Emergency
from evidence.domain.explanations import Explanation, Gap, Outcome
from evidence.domain.notices import Notice
from evidence.domain.people import PersonType
from evidence.domain.standing import Classification
from evidence.service.catalogue import AnnouncedFile, NotedRecording


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who needs to know of a restricted recording."""

    id: str
    recording_id: str
    person_id: str
    named_by: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A class that a recording got, or the wish to take its class off. is_granted None: not decided yet."""

    id: str
    recording_id: str
    classification: Classification
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    is_granted: bool | None = None


@dataclass(frozen=True, slots=True)
class SeriousEvent:
    """A serious event with the recordings that show it and the people who took part."""

    id: str
    reason: str
    marked_by: str
    marked_at: datetime
    recordings: tuple[str, ...]
    people: tuple[str, ...]
    ended_at: datetime | None = None
    ended_by: str | None = None


class Emergencies(Protocol):
    """Emergencies, decided or not."""

    def add(self, new: Emergency) -> None:
        """Add a wish."""

    def get(self, emergency_id: str) -> Emergency | None:
        """Return one."""

    def all(self, person_id: str | None = None) -> Sequence[Emergency]:
        """Return those of one person or all, newest first."""

    def decide(self, decided: Emergency) -> bool:
        """Note a decision; False where there is one already."""

    def end(self, emergency_id: str, by: str, at: datetime) -> bool:
        """Note the end; False where it has ended already."""


class Classes(Protocol):
    """Readers of restricted recordings, and the changes of classes."""

    def add_change(self, new: ClassChange) -> None:
        """Add a change or a wish."""

    def change(self, change_id: str) -> ClassChange | None:
        """Return one change."""

    def pending(self, recording_id: str | None = None) -> Sequence[ClassChange]:
        """Return the wishes that nobody has decided, of one recording or of all, oldest first."""

    def decide(self, change_id: str, by: str, at: datetime, *, is_granted: bool) -> bool:
        """Note a decision; False where there is one already."""

    def restricted(self) -> Sequence[str]:
        """Return the recordings of a restricted class."""

    def add_reader(self, new: Reader) -> None:
        """Add a reader."""

    def end_readers(self, recording_id: str, at: datetime, person_id: str | None = None) -> int:
        """End the listing of one reader or of all; return how many there were."""

    def end_reader(self, reader_id: str, at: datetime) -> bool:
        """End one listing; False where it has ended already."""

    def readers(self, recording_ids: Collection[str], at: datetime) -> Sequence[Reader]:
        """Return the readers of these recordings at a moment, first named first."""


class SeriousEvents(Protocol):
    """Serious events."""

    def add(self, new: SeriousEvent) -> None:
        """Add an event with its recordings and people."""

    def get(self, event_id: str) -> SeriousEvent | None:
        """Return one."""

    def all(self) -> Sequence[SeriousEvent]:
        """Return all, newest first."""

    def end(self, event_id: str, by: str, at: datetime) -> bool:
        """Note the end; False where it has ended already."""


class Notices(Protocol):
    """Notices to unit heads and security: append only."""

    def add(self, new: Notice) -> None:
        """Add a notice."""

    def all(self, since: datetime, most: int | None = None) -> Sequence[Notice]:
        """Return the notices since a moment, newest first, `most` of them at most."""


class Companions(Protocol):
    """What was recorded at the same time in the same unit."""

    def near(
        self, unit_id: str, type_: PersonType, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        """Return recordings worn by people of a type in a unit that end within [since, until], and when."""


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry at its place. told: its fields as they were logged; empty where its bytes cannot be read."""

    log: str
    index: int
    act: str
    at: datetime
    told: Mapping[str, Any]

    @property
    def by(self) -> str:
        """Who acted."""
        return str(self.told.get("by", ""))


class Overseen(Protocol):
    """What a supervisor must see at once: bounded questions, the oldest first. What is about no recording is
    within every reach here: the use case asks the policy again."""

    def waiting(self, reach: Reach, at: datetime, most: int) -> Sequence[AnnouncedFile]:
        """Return announced files within reach that are not sealed."""

    def explained(
        self, outcome: Outcome | None, reach: Reach, at: datetime, most: int, without: str | None = None
    ) -> Sequence[tuple[Gap, Explanation]]:
        """Return the last explanations of gaps, by outcome; None: nobody has decided. Without those of gaps
        that somebody has explained, now or before."""

    def undecided(
        self, reach: Reach, at: datetime, most: int, without: str | None = None
    ) -> Sequence[tuple[datetime, Gap | None]]:
        """Return since when those wait that nobody has decided about, as `explained` finds them; with the gap
        where it is of no recording."""

    def late(self, reach: Reach, at: datetime, since: datetime, most: int) -> Sequence[tuple[str, datetime]]:
        """Return the recordings within reach, sealed since a moment, that came too late, with their seals."""

    def bare(
        self, names: Set[str], reach: Reach, at: datetime, since: datetime, today: date, most: int
    ) -> Sequence[tuple[str, datetime]]:
        """Return the recordings within reach, sealed since a moment, that lack one of these labels, each with
        its seal; without those whose case number may still follow on a day."""

    def unexplained(
        self, reach: Reach, at: datetime, since: datetime, most: int
    ) -> Sequence[tuple[NotedRecording, datetime]]:
        """Return the recordings within reach, sealed since a moment, of which something was found that must
        be explained and that nobody has explained under that name, each with its seal: rather too many than
        too few."""

    def denied(self, since: datetime, most: int) -> Sequence[Mapping[str, Any]]:
        """Return the newest entries about denied tries since a moment."""

    def entries(self, log: str, start: int, end: int, act: str | None, most: int) -> Sequence[LoggedEntry]:
        """Return the newest entries of a log with start ≤ index < end, of an act if one is said."""

    def about(self, family: str, object_id: str, most: int) -> Sequence[LoggedEntry]:
        """Return the newest entries about something in the logs of a kind."""


class WatchedRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def emergencies(self) -> Emergencies:
        """Emergencies."""

    @property
    def classes(self) -> Classes:
        """Readers and changes of classes."""

    @property
    def serious(self) -> SeriousEvents:
        """Serious events."""

    @property
    def notices(self) -> Notices:
        """Notices."""

    @property
    def overseen(self) -> Overseen:
        """What a supervisor must see at once."""

    @property
    def companions(self) -> Companions:
        """Recordings of the same unit and time."""
