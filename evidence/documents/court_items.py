"""What documents say of each file that goes out: as an original, or as what was made from one, which is never
the same byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.documents.court_words import Section, Words, spaced
from evidence.locale import NOTHING, catalogue

_FACTS = ("measured", "limit", "file", "start_s", "end_s")
_DOCKED = ("dock", "browser")


@dataclass(frozen=True)
class CourtItems:
    """The files of a statement."""

    words: Words
    told: Mapping[str, Any]

    @property
    def report(self) -> Mapping[str, Any]:
        """The words beside the figures."""
        report: Mapping[str, Any] = self.told["report"]
        return report

    def list_of_evidence(self, heading: str = "list") -> Section:
        """The electronic evidence list (电子数据清单). heading: its number is that of the document."""
        tell = self.words.tell
        names = ("number", "name", "category", "size", "length", "recorded", "device", "digests")
        rows = [[str(number), *self._line(item)] for number, item in self._numbered()]
        columns = [tell(f"column-{name}") for name in names]
        return Section(
            tell(heading), columns=columns, rows=rows, widths=[0.8, 2.6, 1.6, 1.2, 1.1, 2.2, 1.7, 3.2]
        )

    def collection(self) -> Section:
        """How the files came in, and as what they are kept and go out."""
        tell, lines = self.words.tell, []
        hands: dict[tuple[str, str], list[int]] = {}
        for number, item in self._numbered():
            about = self._about(item)
            by = self.words.person(about.get("brought_by"))
            hands.setdefault((str(about.get("docked")), by), []).append(number)
        for how in _DOCKED:
            for (docked, by), numbers in hands.items():
                if docked == how:
                    lines.append(tell(f"collection-{how}", numbers=_listed(numbers), by=by))
        for kind in ("recording", "derivative"):
            numbers = self._of(kind)
            if numbers:
                lines.append(tell(f"collection-{kind}", numbers=_listed(numbers)))
        return Section(tell("collection"), text=[*lines, self.store(), tell("collection-original")])

    def store(self) -> str:
        """Say what the store of the originals withstands, as it was measured."""
        withstands = self.report.get("store", {}).get("withstands", "nothing")
        return self.words.tell(f"store-{withstands}")

    def certified(self) -> Iterator[Section]:
        """Yield what is certified of copies of originals, and what of files that were made from them."""
        tell = self.words.tell
        if same := self._of("recording"):
            yield Section(text=[tell("us-three", numbers=_listed(same))])
        if not (made := self._of("derivative")):
            return
        rows = [
            [
                str(number),
                f"{self.kind(item)}\n{item['id']}",
                _digests(item),
                f"{self.title(item)}\n{item['parent']}",
                _digests(self._how(item).get("original", {})),
            ]
            for number, item in self._numbered()
            if number in made
        ]
        columns = [tell(f"column-{one}") for one in ("number", "kind", "own", "parent", "parent-digests")]
        how = [tell("us-derived", numbers=_listed(made))]
        yield Section(text=how, columns=columns, rows=rows, widths=[0.7, 2, 3.2, 2, 3.2])

    def findings(self) -> Section:
        """What examination found of the files that somebody must explain."""
        tell = self.words.tell
        found = {one["id"]: one for one in self.report.get("findings", ())}
        rows = []
        for number, item in self._numbered():
            about = found.get(item.get("parent") or item["id"], {})
            rows += [[str(number), *self._finding(one)] for one in about.get("told", ())]
            if about.get("more"):
                rows.append([str(number), "", tell("findings-more", number=about["more"]), ""])
        if not rows:
            return Section(tell("findings"), text=[tell("findings-none")])
        columns = [tell(f"column-{one}") for one in ("number", "level", "finding", "cites")]
        how = [tell("findings-how")]
        return Section(tell("findings"), text=how, columns=columns, rows=rows, widths=[0.7, 1.2, 6, 3])

    def _finding(self, one: Mapping[str, Any]) -> list[str]:
        words, code = self.words, one["code"]
        said = [words.word(f"finding.{code}.title")]
        if one["body"] is not None:
            body = json.loads(one["body"])
            facts = {**body.get("detail", {}), **{name: body.get(name) for name in _FACTS}}
            manner = f"finding.{code}.{facts.get('manner')}"
            key = manner if manner in catalogue(words.language) else f"finding.{code}.text"
            said.append(words.sentence(key, facts))
        return [words.word(f"severity.{one['severity']}"), "\n".join(said), words.cites(one["cites"])]

    def _line(self, item: Mapping[str, Any]) -> list[str]:
        tell, about = self.words.tell, self._about(item)
        is_made = item["kind"] == "derivative"
        span = self._how(item) if is_made else about
        codecs = "" if is_made else "/".join(about.get("codecs", ()))
        container = item["device_name"].rpartition(".")[2] if is_made else about.get("container", "")
        kind = tell(f"category-{about.get('category', 'data')}")
        name = about.get("title") or item["device_name"]
        if is_made:
            kind, name = f"{self.kind(item)} ({kind})", f"{self.kind(item)}\n{tell('made-of', name=name)}"
        length = span.get("length_ms")
        return [
            f"{name}\n{item['id']}",
            f"{kind}\n{container} {codecs}",
            tell("bytes", number=f"{item['size']:,}"),
            NOTHING if length is None else tell("seconds", number=f"{length / 1000:.3f}"),
            f"{self.words.time(span.get('began'))} – {self.words.time(span.get('ended'))}\n"
            f"{tell('offset')} {self._offset(about)}",
            "\n".join(str(one) for one in self._whose(about) if one),
            _digests(item),
        ]

    def _whose(self, about: Mapping[str, Any]) -> Sequence[str | None]:
        """Return device, wearer and unit."""
        wearer = " ".join(one for one in (about.get("wearer_name"), about.get("wearer")) if one)
        return about.get("device"), wearer, about.get("unit")

    def _offset(self, about: Mapping[str, Any]) -> str:
        offset = about.get("clock_offset_ms")
        return self.words.tell("not-measured") if offset is None else f"{offset / 1000:+.3f} s"

    def kind(self, item: Mapping[str, Any]) -> str:
        """Say what a derivative is: a redaction, a clip."""
        return self.words.tell(f"made-{self._how(item).get('operation') or 'derivative'}")

    def numbers(self, *ids: str) -> str:
        """Return under which numbers recordings, or what was made from them, stand in the list."""
        wanted = set(ids)
        found = [n for n, item in self._numbered() if not wanted.isdisjoint({item["id"], item.get("parent")})]
        return self.words.tell("item", numbers=_listed(found)) if found else NOTHING

    def title(self, item: Mapping[str, Any]) -> str:
        """Return what the recording of an item is called."""
        return str(self._about(item).get("title") or item.get("device_name") or NOTHING)

    def _about(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is told of an item's recording: its own, or the one that it was made from."""
        return _known(self.report["items"], item.get("parent") or item["id"])

    def _how(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return how a derivative was made."""
        return _known(self.report["derivatives"], item["id"])

    def _numbered(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        yield from enumerate(self.told["items"], 1)

    def _of(self, kind: str) -> list[int]:
        return [number for number, item in self._numbered() if item["kind"] == kind]


def _known(rows: Sequence[Mapping[str, Any]], id_: str) -> Mapping[str, Any]:
    return next((one for one in rows if one["id"] == id_), {})


def _digests(one: Mapping[str, Any]) -> str:
    return f"SHA-256\n{spaced(one.get('sha256'))}\nSM3\n{spaced(one.get('sm3'))}"


def _listed(numbers: Sequence[int]) -> str:
    """Return numbers in order, three and more in a row as first and last."""
    rows: list[list[int]] = []
    for one in numbers:
        if rows and one == rows[-1][-1] + 1:
            rows[-1].append(one)
        else:
            rows.append([one])
    told = [[f"{row[0]}–{row[-1]}"] if len(row) > 2 else map(str, row) for row in rows]
    return ", ".join(one for row in told for one in row)
