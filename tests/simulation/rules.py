"""The product's own rules on one camera-day: examination, deadlines, the parts of the gap report, keeping.

Called as the service calls them (service/examining/judging.py, examination.py, deadlines.py, gap_lines.py,
destroying.py), with the shipped pack; only the catalogue between them is left out. The days of a camera are
judged one by one here; the service judges those of a week together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import SimpleNamespace

from evidence.adapters.packs import STRICTEST, load_pack
from evidence.domain.digests import Digests
from evidence.domain.findings import Finding, Severity
from evidence.domain.lapses import Lapses
from evidence.domain.recordings import NOT_MEASURED, Origin, Recording
from evidence.domain.retention import Kept, Law, is_due, keep_until, lock_until
from evidence.service.catalogue import AnnouncedFile, StoredFinding, StoredRecording, Terms
from evidence.service.examining.examination import Examination, _end
from evidence.service.examining.judging import FileToJudge, judge_files
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.gap_lines import Lines, Parts
from evidence.service.keeping.keeping import law_of
from tests.simulation.footage import at, facts_of, modified_at, name_of
from tests.simulation.population import DAY, EPOCH, HOUR, CameraDay, File, Harm, offset_s
from tests.simulation.seen import Seen, as_one

_DIGESTS = Digests("0" * 64, None)


@dataclass(frozen=True)
class Rules:
    """The rules of a pack, for a simulation that ends after so many days."""

    days: int
    pack: str = "dazhe-2020"
    site: SimpleNamespace = field(init=False)

    def __post_init__(self) -> None:
        clock = SimpleNamespace(now=lambda: at(self.days * DAY))
        known = SimpleNamespace(policies=load_pack(self.pack), strictest=load_pack(STRICTEST), clock=clock)
        object.__setattr__(self, "site", known)

    @cached_property
    def law(self) -> Law:
        """What is said about keeping."""
        return law_of(self.site, self.site.policies.latest)  # type: ignore[arg-type]

    @cached_property
    def lapses(self) -> Lapses:
        """The checks of the log, one an hour: at place 2h, hour h."""
        return Lapses(
            [(2 * hour, at(hour * HOUR)) for hour in range(self.days * 24 + 1)], Terms().longest_step
        )

    def see(
        self,
        one: CameraDay,
        files: Sequence[File],
        sealed: Sequence[int],
        device: str = "DSJX9A00123",
        wearer: str = "012345",
    ) -> Seen:
        """Return what they say of a camera-day, of which all files are stored at last. sealed: when."""
        day = _Day(one, files, sealed, device, wearer)
        parts, states = self._examined(day)
        number = {name_of(one, file, device, wearer): file.number for file in files}
        return Seen(
            states,
            tuple(self._notices(day)),
            tuple(sorted(_interruption(each, number) for each in parts.interruptions)),
            tuple(
                sorted((str(each.body["code"]), number[str(each.body["file"])]) for each in parts.to_explain)
            ),
            *self._kept(day),
        )

    def _examined(self, day: _Day) -> tuple[Parts, tuple[tuple[int, str, int], ...]]:
        """Judge as the job "sequence" does, then as the gap report asks."""
        now, policies = at(max(day.sealed) + HOUR), self.site.policies
        judged = judge_files(day.to_judge(), policies, now)
        stored, findings = [], list[StoredFinding]()
        for place, (pack, times, found) in enumerate(judged):
            bare = day.stored(place, None)
            end = _end(bare, times, pack)
            stored.append(day.stored(place, end))
            found += Examination._lateness(bare, times, end, pack, now)
            findings += [_put_down(bare, each, now) for each in found if each.severity is not Severity.INFO]
        rows = Deadlines(self.site).rows_of([], stored, now)  # type: ignore[arg-type]
        parts = Lines(rows, findings, findings, {}, stored, []).parts()
        late = {row.recording_id for row in parts.late}
        states = sorted(
            (int(row.recording_id or 0), row.state.kind.value, _seconds(row.state.late_by)) for row in rows
        )
        assert late == {str(number) for number, kind, _ in states if kind == "late"}
        return parts, tuple(states)

    def _notices(self, day: _Day) -> list[tuple[int, int, str]]:
        """Ask at each hour how files stand that were announced and are not stored, as the sweep does."""
        told: dict[str, str] = {}
        found: list[tuple[int, int, str]] = []
        desk = Deadlines(self.site)  # type: ignore[arg-type]
        begun = -(-day.one.docked // HOUR) * HOUR
        for second in range(begun, max(day.sealed), HOUR):
            missing = [day.announced(i) for i, stored in enumerate(day.sealed) if stored > second]
            for row in desk.rows_of([one for one in missing if one is not None], [], at(second)):
                if told.get(row.name) != row.state.kind.value:
                    told[row.name] = row.state.kind.value
                    found.append((second, int(row.name.split("#")[1]), row.state.kind.value))
        return sorted(found)

    def _kept(self, day: _Day) -> tuple[tuple[tuple[int, str, int], ...], tuple[tuple[int, int], ...]]:
        """Ask what keeps each file; and of those whose time is over, from which midnight on it may go."""
        keeps, due = [], []
        for file, sealed in zip(day.files, day.sealed, strict=True):
            kept, stored_at = day.kept(sealed, self.law), at(sealed)
            rule = keep_until(kept, self.law)
            until = -1 if rule.until is None else int((rule.until - EPOCH).total_seconds())
            keeps.append((file.number, rule.keeps.value, until))
            first = -(-until // DAY)
            if rule.until is None or first > self.days:
                continue
            is_free = [is_due(rule, at(one * DAY)) for one in (first - 1, first)] == [False, True]
            place = (2 * (sealed // HOUR) + 1, stored_at)
            if is_free and self.lapses.since(place, at(first * DAY)) >= rule.until - stored_at:
                due.append((file.number, first))
        return tuple(keeps), tuple(due)


@dataclass(frozen=True)
class _Day:
    one: CameraDay
    files: Sequence[File]
    sealed: Sequence[int]
    device: str
    wearer: str

    @cached_property
    def labels(self) -> dict[str, str]:
        return NOT_MEASURED if self.one.harm in (Harm.CLOCK_RESET, Harm.CLOCK_AHEAD) else {}

    def origin(self, place: int) -> Origin:
        file, name = self.files[place], name_of(self.one, self.files[place], self.device, self.wearer)
        offset_ms = offset_s(self.one) * 1000
        modified = modified_at(file)
        return Origin(self.device, self.wearer, name, file.size, modified, offset_ms, "card", self.labels)

    def to_judge(self) -> list[FileToJudge]:
        seen, offset = at(self.one.docked), float(offset_s(self.one))
        return [
            FileToJudge(facts_of(self.one, file, self.device, self.wearer), f"{file.number:064x}",
                        modified_at(file), offset, seen)
            for file in self.files
        ]  # fmt: skip

    def stored(self, place: int, end: datetime | None) -> StoredRecording:
        number, sealed = str(self.files[place].number), at(self.sealed[place])
        sealed_one = Recording(
            number, self.origin(place), _DIGESTS, sealed, sealed, "", "", "", "", "", "", ""
        )  # fmt: skip
        return StoredRecording(sealed_one, b"", at(self.one.docked), end, None, None)

    def announced(self, place: int) -> AnnouncedFile:
        origin, number = self.origin(place), self.files[place].number
        named = Origin(origin.device, origin.wearer, f"{origin.name}#{number}", origin.size_bytes,
                       origin.modified_at, origin.clock_offset_ms, "card", origin.labels)  # fmt: skip
        return AnnouncedFile(str(number), "card", named, at(self.one.docked))

    def kept(self, sealed: int, law: Law) -> Kept:
        lacks = law.required[:1] if self.one.harm is Harm.UNLABELLED else ()
        holds = ("hold",) if self.one.harm is Harm.HELD else ()
        bare = Kept("", at(sealed), at(sealed), holds, lacks=lacks)
        until, _ = lock_until(bare, law, at(sealed))  # as the vault is told with the seal
        return Kept("", at(sealed), until, holds, lacks=lacks)


def _put_down(stored: StoredRecording, one: Finding, now: datetime) -> StoredFinding:
    recording = stored.recording
    return StoredFinding("", "recording", recording.id, recording.origin.device, now, "", one.as_json())


def _interruption(one: StoredFinding, number: dict[str, int]) -> tuple[str, int, int]:
    measured = one.body["measured"]
    assert isinstance(measured, int | float), one
    code = str(one.body["code"])
    size = as_one(round(measured)) if code == "gap-between-files" else round(measured)
    return code, number[str(one.body["file"])], size


def _seconds(length: timedelta | None) -> int:
    return 0 if length is None else round(length.total_seconds())
