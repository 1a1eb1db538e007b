"""What a simulation counts: sums by day and by hour, which parts made by several processes add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.population import (
    HOUR,
    UNSENT,
    CameraDay,
    Dock,
    File,
    Harm,
    Plan,
)
from tests.simulation.seen import Seen

MOST_TOLD = 20


@dataclass
class Tally:
    """Sums. late: by cause; by_day: by (what, day); by_hour: by (what, hour), of what comes; explain: by
    code; groups: camera-days judged one by one; whole: of them those judged again under other names;
    differences: what the rules said other than they must, the first of them."""

    late: Counter[str] = field(default_factory=Counter)
    by_day: Counter[tuple[str, int]] = field(default_factory=Counter)
    by_hour: Counter[tuple[str, int]] = field(default_factory=Counter)
    explain: Counter[str] = field(default_factory=Counter)
    keeps: Counter[str] = field(default_factory=Counter)
    camera_days: Counter[str] = field(default_factory=Counter)
    groups: int = 0
    whole: int = 0
    wrong: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another part."""
        for name in ("late", "by_day", "by_hour", "explain", "keeps", "camera_days"):
            getattr(self, name).update(getattr(other, name))
        self.groups += other.groups
        self.whole += other.whole
        self.wrong += other.wrong
        self.differences += other.differences[: MOST_TOLD - len(self.differences)]

    def differs(self, one: CameraDay, got: Seen, must: Seen) -> None:
        """Note that the rules said something else than they must."""
        self.wrong += 1
        for name in Seen._fields:
            said, wanted = getattr(got, name), getattr(must, name)
            if said != wanted and len(self.differences) < MOST_TOLD:
                first = sorted(set(said) ^ set(wanted))[:3]
                self.differences.append(f"{tuple(map(str, one))}: {name} differ, first {first}")

    def arrive(self, one: CameraDay, files: tuple[File, ...], times: int) -> None:
        """Count what comes, and when."""
        for file in files:
            self.by_hour["files", file.comes // HOUR] += times
            self.by_hour["bytes", file.comes // HOUR] += times * file.size

    def take(
        self, one: CameraDay, plan: Plan, files: tuple[File, ...], seen: Seen, late: list[str], times: int
    ) -> None:
        """Count what was found about so many equal camera-days. late: the cause of each file that is late."""
        for what, number in (
            ("files", len(files)),
            ("bytes", sum(file.size for file in files)),
            ("seconds", sum(file.length for file in files)),
            ("late", len(late)),
            ("interruptions", len(seen.interruptions)),
            ("to explain", len(late) + len(seen.interruptions) + len(seen.to_explain)),
            ("notices", sum(kind in ("due-soon", "overdue") for _, _, kind in seen.notices)),
        ):
            self.by_day[what, one.day] += times * number
        self.late.update({cause: times * late.count(cause) for cause in set(late)})
        for code, *_ in (*seen.interruptions, *seen.to_explain):
            self.explain[code] += times
        for _, word, _ in seen.keeps:
            self.keeps[word] += times
        for _, day in seen.due:
            self.by_day["due", day] += times


def cause_of(one: CameraDay, file: File, plan: Plan, was_late_anyway: bool) -> str:
    """Return why a file is late. was_late_anyway: without any queue."""
    if not was_late_anyway:
        return "backlog of ingest"
    if one.harm is Harm.UNSENT and file.number > len(plan.files) - UNSENT:
        return "card pulled out, sent a day later"
    if one.dock is Dock.KEPT:
        return "card docked a day or two later"
    if one.dock is Dock.DOWN:
        return "dock down for hours"
    return "clock"
