"""What documents say of how a file was made from an original, in words: which part, what is hidden, where,
from when to when, how and why.

The very parameters stand in the statement beside. Why something was hidden goes to a court alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from evidence.documents.court_items import CourtItems
from evidence.documents.court_words import Section, Words, spaced

_MANY = 3  # places of a region that moves are told up to so many


@dataclass(frozen=True)
class CourtDerivatives:
    """The derivatives of a statement."""

    words: Words
    told: Mapping[str, Any]

    def section(self) -> Section:
        """The derivatives, each with what was done."""
        tell, items = self.words.tell, CourtItems(self.words, self.told)
        made = [one for one in self.told["items"] if one["kind"] == "derivative"]
        if not made:
            return Section(tell("derivatives"), text=[tell("derivatives-none")])
        known = {one["id"]: one for one in items.report["derivatives"]}
        rows = []
        for one in made:
            how = known.get(one["id"], {})
            done = "\n".join([items.kind(one), *self._done(how)])
            tool = str(how.get("made_with", {}).get("tool", ""))
            whose = f"{self.words.person(how.get('asked_by'))}\n{tool}"
            parent, own = f"{items.title(one)}\n{one['parent']}", f"{items.numbers(one['id'])}\n{one['id']}"
            rows.append([parent, own, done, whose, spaced(one["sha256"])])
        columns = [tell(f"column-{key}") for key in ("parent", "derivative", "done", "maker", "sha256")]
        return Section(
            tell("derivatives"),
            text=[tell("derivatives-how")],
            columns=columns,
            rows=rows,
            widths=[1.5, 1.5, 4, 1.6, 1.8],
        )

    def _done(self, how: Mapping[str, Any]) -> Iterator[str]:
        tell, parameters, words = self.words.tell, how.get("parameters") or {}, how.get("words") or {}
        for name, label in (("title", "field-title"), ("reason", "reason")):
            if words.get(name):
                yield f"{tell(label)}: {words[name]}"
        start, end = parameters.get("from_ms"), parameters.get("to_ms")
        if how.get("operation") == "still":
            yield tell("done-moment", at=_clock(start or 0))
        elif start is not None or end is not None:
            until = tell("done-end") if end is None else _clock(end)
            yield tell("done-part", start=_clock(start or 0), end=until)
        if parameters.get("at_key_frames"):
            yield tell("done-key-frames")
        for number, one in enumerate(parameters.get("regions") or (), 1):
            yield from self._region(number, one, _nth(words.get("regions"), number))
        for number, one in enumerate(parameters.get("spans") or (), 1):
            said = {"number": number, "how": self.words.word(f"redaction.hush-{one['hush']}")}
            span = {"start": _clock(one["from_ms"]), "end": _clock(one["to_ms"])}
            yield self._why(tell("done-sound", **said, **span), _nth(words.get("spans"), number))
        if parameters.get("is_marked"):
            marked = words.get("recipient")
            yield tell("done-marked") if marked is None else f"{tell('done-marked')}: {marked}"

    def _region(self, number: int, one: Mapping[str, Any], why: str | None) -> Iterator[str]:
        tell, boxes = self.words.tell, one["boxes"]
        span = {"start": _clock(boxes[0][0]), "end": _clock(one["until_ms"])}
        how = self.words.word(f"redaction.cover-{one['cover']}")
        yield self._why(tell("done-picture", number=number, how=how, **span), why)
        for at, x, y, width, height in boxes[:_MANY]:
            yield tell("done-place", at=_clock(at), x=x, y=y, width=width, height=height)
        if len(boxes) > _MANY:
            yield tell("done-places", number=len(boxes) - _MANY)

    def _why(self, done: str, why: str | None) -> str:
        return done if why is None else f"{done} {self.words.tell('done-why', reason=why)}"


def _nth(reasons: Sequence[str] | None, number: int) -> str | None:
    return None if reasons is None or number > len(reasons) else reasons[number - 1]


def _clock(ms: int) -> str:
    """Return a place in a recording as players show it, to the millisecond where it is not a whole second."""
    whole, rest = divmod(ms, 1000)
    return f"{timedelta(seconds=whole)}.{rest:03d}".removesuffix(".000")
