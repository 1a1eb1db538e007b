"""What a supervisor finds in the morning: gaps, late files, a missing one, explanations that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from evidence.domain.access import Caller
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.rights import Kind
from evidence.service.catalogue import Scope
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.gap_words import Said
from evidence.service.instruments import pack_at
from evidence.service.work import Work
from tests.builders import an_origin
from tests.pages.room import Desks
from tests.service.footage import a_wav

OPERATOR = Caller("operator", Kind.OPERATOR, "operator")
HOSTILE = '"><script>alert(1)</script>=1+1‮\u0301' + "长" * 120 + ".wav"


class Gapped:
    """A site of the desks with footage of its officers."""

    def __init__(self, desks: Desks) -> None:
        self.desks, self.app = desks, desks.application
        self.dock, _ = self.app.accounts.add_dock(OPERATOR, "dock")

    def caller(self, word: str) -> Caller:
        """Return somebody as the next request sees them."""
        with self.desks.site.database.reading() as unit:
            found = unit.grants.caller(self.desks.staff[word].id, self.desks.clock.now())
        assert found is not None
        return found

    def seal(self, word: str, name: str, hours: float = 1, device: str = "DSJX9A00123") -> str:
        """Have a recording of somebody sealed that ended some hours ago; return its id."""
        body = a_wav(10)
        origin = an_origin(
            name,
            device=device,
            wearer=self.desks.staff[word].number,
            size_bytes=len(body),
            modified_at=self.desks.clock.now() - timedelta(hours=hours),
        )
        upload = self.app.uploads.create(self.dock, origin, None)
        with self.app.uploads.receive(self.dock, upload.id, 0, len(body), None) as reception:
            reception.take(body)
            reception.commit()
        work = Work(self.desks.site, self.app.uploads)
        while work.do_next("tester"):
            pass
        return upload.id

    def announce(self, word: str, name: str, hours: float) -> None:
        """Let a card's list name a file that never came, and ended some hours ago."""
        ended = self.desks.clock.now() - timedelta(hours=hours)
        gone = an_origin(name, size_bytes=9, wearer=self.desks.staff[word].number, modified_at=ended)
        self.app.cards.announce(self.dock, gone, [gone])

    def gaps(self, recording_id: str, name: str, count: int, device: str = "DSJX9A00123") -> None:
        """Let examination find so many gaps in a recording."""
        now = self.desks.clock.now()
        found = [
            Finding(
                Code.GAP_IN_FILE,
                Severity.ATTENTION,
                name,
                start_s=2.0 + place,
                end_s=2.5 + place,
                measured=0.5,
                limit=0.1,
                detail={},
            )
            for place in range(count)
        ]
        with self.desks.site.database.writing() as unit:
            pack = pack_at(self.desks.site.policies, now)
            scope = Scope("recording", recording_id, device, {name: recording_id})
            unit.examinations.record(scope, "deep", pack, "{}", found, now)

    def explain(self, word: str, texts: Sequence[str]) -> list[str]:
        """Explain that many gaps that are open, by somebody; return the ids of the explanations."""
        caller = self.caller(word)
        report = self.app.reports.gaps(OPERATOR, Asked())
        open_ = [one for one in report.ledger.told(report.interruptions) if one.state == "open"]
        return [
            self.app.explanations.explain(caller, one.name, Said(text, "battery")).id
            for one, text in zip(open_, texts, strict=False)
        ]


def a_morning(desks: Desks) -> Gapped:
    """Three gaps explained, one not; a late file, a missing one, one that is due soon; hostile names."""
    site = Gapped(desks)
    first = site.seal("officer", "DSJX9A00123_012345_0001.wav", hours=2)
    site.gaps(first, "DSJX9A00123_012345_0001.wav", 4)
    site.seal("second", "late.wav", hours=30, device="DSJX9A00124")
    site.seal("second", HOSTILE, hours=3, device="DSJX9A00124")
    site.announce("officer", "gone.wav", hours=30)
    site.announce("officer", "soon.wav", hours=23)
    site.explain("officer", ["电池耗尽，已更换", "<img src=x onerror=alert(1)> 设备重启", "不知道"])
    return site
