"""What the use cases about people and access need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from evidence.domain.access import Caller
from evidence.domain.people import Person, PersonType, Post, Training, Undertaking, Unit
from evidence.domain.rights import Action, Role
from evidence.domain.standing import Classification, Placement, Standing
from evidence.service.listing import Listing


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A role that somebody was given. unit_id None: everywhere."""

    id: str
    person_id: str
    role: Role
    unit_id: str | None
    reason: str
    granted_by: str
    granted_at: datetime
    until: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case file. unit_id: of the unit that conducts it; path: that unit's."""

    id: str
    number: str
    unit_id: str
    path: str
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """What somebody may do about the recordings of a case, from now until `until`."""

    person_id: str
    number: str
    actions: frozenset[Action]
    until: datetime | None = None


class Cases(Protocol):
    """Cases, and who may do what about their recordings."""

    def add(self, new: StoredCase) -> None:
        """Add a case. Raises: Conflict("case-number-taken")."""

    def get(self, case_id: str) -> StoredCase | None:
        """Return one case, closed or not."""

    def numbered(self, number: str) -> str | None:
        """Return the id of the case of a number, however it is written; closed or not."""

    def within(self, paths: Collection[str]) -> Sequence[StoredCase]:
        """Return the cases of these units and below, closed ones too, oldest first."""

    def close(self, case_id: str, at: datetime) -> bool:
        """Close a case: from now on it gives nobody anything. False when it is closed."""

    def link(self, case_id: str, recording_id: str, by: str, at: datetime) -> bool:
        """Link a recording; False when it is linked."""

    def unlink(self, case_id: str, recording_id: str, at: datetime) -> bool:
        """End a recording's link; False when there is none."""

    def page(
        self,
        paths: Collection[str],
        begins: str,
        after: str,
        most: int,
        listing: Listing = Listing(),  # noqa: B008 (frozen)
    ) -> Sequence[StoredCase]:
        """Return the first cases of units, of those whose number begins so, after a number: by number, or by
        "opened", "closed".
        """

    def of_recording(self, recording_id: str) -> Sequence[StoredCase]:
        """Return the cases that a recording is linked to, oldest first."""

    def linked(self, case_id: str) -> Sequence[str]:
        """Return the ids of the recordings that are linked now, oldest link first."""

    def belonging(self, case_id: str) -> Sequence[str]:
        """Return the ids of the recordings that belong to a case (decision 50): those that are linked, oldest
        link first, then those that bear its number."""

    def name(self, case_id: str, one: Membership, by: str, at: datetime) -> None:
        """Give a person these actions in a case, in the place of what they had there."""

    def dismiss(self, case_id: str, person_id: str, at: datetime) -> bool:
        """End all that a person has in a case; False when that is nothing."""

    def members(self, case_id: str, at: datetime) -> Sequence[Membership]:
        """Return the members at a moment, by number."""

    def of_member(self, person_id: str, at: datetime) -> Sequence[str]:
        """Return the ids of the open cases of which somebody is a member at a moment."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token of another system, but not the token itself. expires_at None: the one made with the site."""

    id: str
    name: str
    scopes: frozenset[Action]
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None


class Tokens(Protocol):
    """Tokens of other systems, and when they were used."""

    def all(self) -> Sequence[StoredToken]:
        """Return those that nobody revoked, the first to expire first; expired ones too."""

    def used_at(self, account_id: str) -> datetime | None:
        """Return when a token was used last, as far as that was noted."""

    def note_use(self, account_id: str, at: datetime) -> None:
        """Note that a token was used."""


class Units(Protocol):
    """Agencies and their units."""

    def add(self, new: Unit, at: datetime) -> None:
        """Add a unit. Raises: Conflict("name-taken") where its parent has one of that name."""

    def get(self, unit_id: str) -> Unit | None:
        """Return one unit."""

    def all(self) -> Sequence[Unit]:
        """Return all units, closed ones too; a parent before its units."""

    def rename(self, unit_id: str, name: str) -> None:
        """Give a unit another name."""

    def close(self, unit_id: str, at: datetime) -> None:
        """Close a unit; what it answers for stays with it."""


class People(Protocol):
    """The roll."""

    def add(self, new: Person, at: datetime) -> None:
        """Add a person. Raises: Conflict("number-taken")."""

    def put(self, changed: Person) -> None:
        """Put a person's row in the place of the one before. Raises: Conflict("number-taken")."""

    def get(self, person_id: str) -> Person | None:
        """Return one person."""

    def by_number(self, number: str) -> Person | None:
        """Return the person with a number."""

    def by_numbers(self, numbers: Collection[str]) -> Mapping[str, Person]:
        """Return the people behind these numbers, as far as there are any."""

    def page(
        self, unit_ids: Collection[str], text: str, most: int, after: str | None, is_last_first: bool = False
    ) -> Sequence[Person]:
        """Return people of these units with a text in number or name, by number, those after a number."""

    def count(self, unit_ids: Collection[str], text: str) -> int:
        """Return how many there are of them."""

    def on_roll(self, type_: PersonType, on: date, now: datetime) -> Mapping[str, int]:
        """Return how many of a type each unit has on the roll on a day, where there are any."""

    def all(self) -> Sequence[Person]:
        """Return everybody, by number, those who have left too."""

    def add_all(self, new: Sequence[Person], at: datetime) -> None:
        """Add people whose numbers are known to be free."""

    def add_post(self, *new: Post) -> None:
        """Add posts."""

    def end_post(self, post_id: str, until: date) -> None:
        """Note the last day of a post."""

    def posts(self, whose: str | Collection[str] | None) -> Sequence[Post]:
        """Return somebody's posts, oldest first, or those of several; None: everybody's."""

    def add_training(self, *new: Training) -> None:
        """Add trainings."""

    def trainings(self, whose: str | Collection[str] | None) -> Sequence[Training]:
        """Return somebody's trainings, oldest first, or those of several; None: everybody's."""

    def add_undertaking(self, *new: Undertaking) -> None:
        """Add signed undertakings."""

    def undertakings(self, whose: str | Collection[str] | None) -> Sequence[Undertaking]:
        """Return somebody's undertakings, oldest first, or those of several; None: everybody's."""


class Departures(Protocol):
    """What else there is about somebody who leaves."""

    def close_account(self, person_id: str, at: datetime) -> int:
        """Put somebody's account off and end their sessions; return how many of these were open."""

    def sessions(self, person_id: str, at: datetime) -> Sequence[str]:
        """Return the sessions of somebody that are open, by id."""

    def emergencies(self, person_id: str, at: datetime) -> Sequence[str]:
        """Return the emergencies of somebody that are asked for or open, by id."""

    def not_offloaded(self, wearer: str) -> Sequence[str]:
        """Return the files announced under a number that are not sealed, by id."""

    def unfinished(self, wearer: str) -> Sequence[str]:
        """Return the uploads under a number that are neither sealed nor ended, by id."""

    def erase_payload(self, person_id: str, at: datetime) -> Sequence[tuple[str, int, str]]:
        """Erase what commitments of the log about somebody stand for; return log, index and field of each."""


class Grants(Protocol):
    """Roles that people were given."""

    def add(self, new: StoredGrant) -> None:
        """Add a grant."""

    def revoke(self, grant_id: str, by: str, at: datetime) -> bool:
        """Revoke a grant; False when there is none of that id in force."""

    def get(self, grant_id: str) -> StoredGrant | None:
        """Return one grant, revoked or not."""

    def in_force(self, at: datetime, person_id: str | None = None) -> Sequence[StoredGrant]:
        """Return the grants in force, of one person or of all, oldest first."""

    def caller(self, person_id: str, at: datetime) -> Caller | None:
        """Return a person as a caller, with what is in force for them; None where there is none such."""

    def is_disabled(self, person_id: str) -> bool:
        """Tell whether a person's account was disabled."""


class Standings(Protocol):
    """What the policy of access asks about recordings."""

    def place(self, places: Sequence[Placement]) -> None:
        """Note which unit answers for each recording, who wore the recorder, and under whose command."""

    def classify(self, recording_id: str, classification: Classification) -> None:
        """Set the class of a recording."""

    def mark(self, recording_id: str, **marks: bool) -> None:
        """Set on_hold or under_transfer."""

    def held(self) -> Iterable[str]:
        """Yield the recordings that are marked as held."""

    def unplaced(self, wearer: str) -> Iterable[str]:
        """Return the recordings of a wearer that nobody on the roll was known to have made."""

    def unplaced_all(self, wearers: Collection[str]) -> Sequence[str]:
        """Return the recordings of any of these wearers that nobody on the roll was known to have made."""

    def without_commander(self) -> Iterable[tuple[str, str]]:
        """Yield placed recordings whose label names a commanding officer whom nobody knew, and the number."""

    def worn_by(self, person_id: str) -> Sequence[str]:
        """Return the recordings that somebody wore the recorder of."""

    def command(self, recording_id: str, commander_id: str) -> None:
        """Note under whose command a recording was made."""

    def get(self, recording_id: str, at: datetime) -> Standing:
        """Return the standing of one recording at a moment."""

    def some(self, recording_ids: Collection[str], at: datetime) -> Mapping[str, Standing]:
        """Return the standing of these recordings at a moment."""

    def units(self, recording_ids: Collection[str]) -> Mapping[str, str | None]:
        """Return in which units these recordings were placed, as far as they were in any."""
