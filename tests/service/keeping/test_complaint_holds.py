"""No order of acts leaves a recording of the people and the hour of an open complaint unkept (property)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from evidence.domain.access import Caller
from evidence.domain.complaints import Result
from evidence.domain.retention import Keeps
from evidence.domain.spans import Span
from evidence.errors import EvidenceError
from evidence.service.keeping.destroying import Destroying
from evidence.service.people.people import People
from evidence.service.work import Work
from tests.builders import START, SmallSite
from tests.complaint_room import ComplaintRoom
from tests.domain.lots import Lots
from tests.keeping_room import LABELS
from tests.people_room import OPERATOR
from tests.service.keeping.test_holds import Away

SLOTS = [START - timedelta(hours=hours) for hours in (1, 2)]
STEPS = 40


@dataclass
class Run(ComplaintRoom):
    """Acts in any order; what the recordings really show, only the test knows."""

    lots: Lots = field(default_factory=lambda: Lots(0))

    def __post_init__(self) -> None:
        super().__post_init__()
        terms = replace(self.site.terms, longest_step=timedelta(days=100_000))  # the clock alone decides
        self.small.site = replace(self.site, terms=terms)
        self.small.work = Work(self.site, self.small.uploads)
        self.wearers = [self.officer, self.custodian, self.head]
        self.handlers = [self.custodian, self.head, self.chief]
        self.shows: dict[str, tuple[str, datetime]] = {}  # recording: number then, its end in truth
        self.acts: list[Callable[[], object]] = [
            *(self.seal, self.seal, self.seal, self.examine, self.examine, self.complain, self.complain),
            *(self.entrust, self.entrust, self.end, self.lift, self.lift, self.renumber, self.wait),
            *(self.destroy, self.lose_the_vault),
        ]

    def seal(self) -> None:
        """Seal what somebody wore, with a card that says when, or does not."""
        wearer, ended = self._wearer(), self.lots.one(SLOTS)
        number = wearer.name if self.lots.yes(0.8) else f"9{self.lots.one([1, 2])}"
        told = ended if self.lots.yes(0.7) else None
        one = self.sealed(replace(wearer, name=number), told, labels=LABELS)
        self.shows[one] = (number, ended)

    def examine(self) -> None:
        """Do what waits."""
        self.small.do_jobs()

    def complain(self) -> None:
        """Take a complaint about one or two people and one of the hours."""
        end = self.lots.one(SLOTS) + timedelta(minutes=5)
        about = {self._wearer().id for _ in range(self.lots.one([1, 1, 2]))}
        self.take(*map(self.caller, about), span=Span(end - timedelta(minutes=40), end))

    def entrust(self) -> None:
        """Name a handler, wisely or not."""
        reason = self.lots.one([None, "人手不足"])
        handler = self.lots.one(self.wearers + self.handlers)
        self.desk.assign(self.chief, self._complaint(), handler.name, reason)

    def end(self) -> None:
        """Close one, by whomever."""
        self.desk.close(self._handler(), self._complaint(), self.lots.one(list(Result)), "办结")

    def lift(self) -> None:
        """Have a hold lifted by two people."""
        hold = self._hold()
        self.holds.ask_release(self._handler(), hold, "不再需要")
        self.holds.release(self._handler(), hold, "不再需要")

    def renumber(self) -> None:
        """Give somebody a number under which others' recordings may lie."""
        People(self.site).change(OPERATOR, self._wearer().name, number=f"9{self.lots.one([1, 2])}")

    def wait(self) -> None:
        """Let a day pass."""
        self.small.clock.pass_by(timedelta(days=self.lots.one([1, 100, 500])))

    def destroy(self) -> None:
        """Destroy whatever two people can have destroyed."""
        for recording in self.shows:
            with suppress(EvidenceError):
                (asked,) = self.disposals.ask(self.custodian, [recording], "期满")
                self.disposals.decide(self.chief, [asked.id], is_approved=True, reason="同意")
        Destroying(self.site).carry_out_all()

    def lose_the_vault(self) -> None:
        """Let it listen to no hold, or listen again."""
        is_there = self.site.vault is self.small.vault
        vault = Away(self.small.vault) if is_there else self.small.vault
        self.small.site = replace(self.site, vault=vault)

    def judge(self) -> None:
        """Every recording in truth of the people and the hour of an open complaint is kept without an end."""
        with self.small.database.reading() as unit:
            complaints = unit.complaints.all()
            recordings = unit.recordings.some(list(self.shows))
            standings = unit.standings.some(list(self.shows), self.small.clock.now())
        for complaint in complaints:
            assert complaint.handler is None or not complaint.is_about(complaint.handler)
            if complaint.closed_at is not None:
                continue
            for recording, (_, ended) in self.shows.items():
                person, span = standings[recording].person_id, complaint.span
                if person is None or not complaint.is_about(person) or not span.start < ended <= span.end:
                    continue
                gone_at = recordings[recording].gone_at
                if gone_at is not None:
                    assert gone_at < complaint.taken_at, "gone before anybody complained"
                    continue
                rule = self.rule(recording)
                assert rule.until is None
                assert rule.keeps in (Keeps.HOLD, Keeps.COMPLAINT)
                if recordings[recording].ended_at is not None:
                    assert self.held(recording), "what is known to be of the hour has a hold"

    def _wearer(self) -> Caller:
        return self.caller(self.lots.one(self.wearers).id)

    def _handler(self) -> Caller:
        return self.caller(self.lots.one(self.handlers).id)

    def _complaint(self) -> str:
        with self.small.database.reading() as unit:
            open_ = [one.id for one in unit.complaints.all() if one.closed_at is None]
            return self.lots.one(open_ or ["none"])

    def _hold(self) -> str:
        with self.small.database.reading() as unit:
            return self.lots.one([one.id for one in unit.holds.all() if one.stands] or ["none"])


@pytest.mark.article("dazhe-2020:13", "xinping-2022-aux:20")
@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_acts_leaves_what_an_open_complaint_is_about_without_a_hold(
    small: SmallSite, seed: int
) -> None:
    run = Run(small, Lots(seed))
    done = 0
    for _ in range(STEPS):
        act = run.lots.one(run.acts)
        with suppress(EvidenceError):  # what is refused must leave it as it was too
            act()
            done += 1
        run.judge()
    run.small.site = replace(run.site, vault=small.vault)
    run.small.do_jobs()
    run.holds.settle_all()
    run.judge()
    assert done > STEPS / 3
