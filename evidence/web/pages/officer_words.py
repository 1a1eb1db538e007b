"""How lines of the gap report stand on an officer's pages: keys of the catalogues with their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from evidence.domain.explanations import Explanation, GapState
from evidence.domain.steps import Matter
from evidence.domain.subjects import UNRECORDED
from evidence.locale import CHINESE, catalogue
from evidence.service.catalogue import StoredFinding
from evidence.service.gaps.deadlines import DeadlineRow
from evidence.service.gaps.own_shift import ToExplain
from evidence.service.gaps.unrecorded import Unrecorded

TONES = {
    GapState.OPEN: "bad",
    GapState.SENT_BACK: "bad",
    GapState.EXPLAINED: "wait",
    GapState.FAULT_OPEN: "wait",
    GapState.FAULT: "bad",
    GapState.NO_FAULT: "good",
    GapState.ACCEPTED: "good",
    GapState.EXEMPT: "good",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A line as it is told. title, text: keys, with `fields`. last: what was said last."""

    name: str
    title: str
    text: str
    fields: Mapping[str, object]
    device: str
    file: str
    found_at: datetime
    state: GapState
    tone: str
    last: Explanation | None


def told(one: ToExplain) -> Told:
    """Return how a line is told."""
    line, standing = one.line, one.standing
    last = standing.history[-1] if standing.history else None
    name, state = standing.name, standing.state
    if isinstance(line, Unrecorded):
        title, what, due = f"officer.part-{UNRECORDED}", line.line.step.what, line.line.due
        is_matter = isinstance(what, Matter)
        text = "officer.matter" if is_matter else f"activity-kind.{what}"
        words = asdict(what) if isinstance(what, Matter) else {}
        return Told(name, title, text, words, "", line.case.number, due, state, TONES[state], last)
    title, text, fields = words_of(line)
    file = str(line.body["file"]) if isinstance(line, StoredFinding) else line.name
    found_at = line.at if isinstance(line, StoredFinding) else line.state.counted_from
    return Told(name, title, text, fields, line.device, file, found_at, state, TONES[state], last)


def words_of(line: StoredFinding | DeadlineRow) -> tuple[str, str, Mapping[str, object]]:
    """Return the keys of a line's title and of its sentence, and the fields of both."""
    if isinstance(line, DeadlineRow):
        return f"deadline.{line.state.kind.value}", "officer.late-by", {"late": line.state.late_by}
    code, detail = str(line.body["code"]), line.body["detail"]
    known = dict(detail) if isinstance(detail, Mapping) else {}
    manner = f"finding.{code}.{known.get('manner')}"
    text = manner if manner in catalogue(CHINESE) else f"finding.{code}.text"
    return f"finding.{code}.title", text, {**known, **line.body}
