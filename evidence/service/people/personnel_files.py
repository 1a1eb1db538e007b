"""The whole personnel file of one person, for an inspection (000-17, 001-13 paragraph 1): posts, trainings,
undertakings, contract, and how many recordings and findings there are. Handing it out is logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, Reach
from evidence.domain.audit import Act, Entry
from evidence.domain.people import Post, Training, Undertaking
from evidence.domain.rights import Action
from evidence.policy.rules import Duty, cite_ids
from evidence.service.examining.faults import findings_within
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.people.people import Listed, listed
from evidence.service.people.people_ports import StoredGrant
from evidence.service.people.roll_scope import admit_to_person
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class PersonnelFile:
    """One person's file. findings: how many of each code their recordings have. cites: why it is kept."""

    listed: Listed
    posts: Sequence[Post]
    trainings: Sequence[Training]
    undertakings: Sequence[Undertaking]
    grants: Sequence[StoredGrant]
    recordings: int
    findings: Mapping[str, int]
    cites: tuple[str, ...]


@dataclass(frozen=True)
class PersonnelFiles:
    """The desk for personnel files."""

    site: Site

    @admits(Action.READ_PEOPLE)
    def file(self, caller: Caller, number: str) -> PersonnelFile:
        """Return somebody's file; the look is logged. Raises: NotFound."""
        mine = admit_to_person(self.site, caller, Action.READ_PEOPLE, number)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.PERSON_READ, caller.id, (("person", mine.id),)), now)
        with self.site.database.reading() as unit:
            theirs = set(unit.standings.worn_by(mine.id))
            worn = Reach(Action.READ_FINDINGS, own=mine.id, any_class=True)  # counts only, whatever the class
            codes = [str(one.body["code"]) for one in findings_within(unit, worn, now)]
            _, cites = pack_at(self.site.policies, now).duty(Duty.PERSONNEL_FILE)
            return PersonnelFile(
                listed=listed(unit, self.site, [mine])[0],
                posts=unit.people.posts(mine.id),
                trainings=unit.people.trainings(mine.id),
                undertakings=unit.people.undertakings(mine.id),
                grants=unit.grants.in_force(now, mine.id),
                recordings=len(theirs),
                findings=dict(sorted(Counter(codes).items())),
                cites=cite_ids(cites),
            )
