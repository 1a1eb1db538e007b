"""What a custody statement says, in the order of a report (exports.md §6.2), in one language.

The numbers are those of the statement, never computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import segno

from evidence.documents.court_derivatives import CourtDerivatives
from evidence.documents.court_items import CourtItems
from evidence.documents.court_words import Section, Words
from evidence.locale import NOTHING, catalogue

_LIMITS = ("content", "account", "before", "copy")
_CHECKS = ("one", "two", "three", "four", "five")
_SIGNERS = ("maker", "reviewer", "provider", "witness", "receiver")


@dataclass(frozen=True)
class CustodyPages:
    """The ten sections of the report (exports.md §6.2)."""

    words: Words
    told: Mapping[str, Any]

    @property
    def report(self) -> Mapping[str, Any]:
        """The words beside the figures."""
        return CourtItems(self.words, self.told).report

    def sections(self) -> Iterator[Section]:
        """Yield them."""
        tell, cover = self.words.tell, self.report["cover"]
        yield Section(tell("cover"), cover_facts(self.words, cover))
        items = CourtItems(self.words, self.told)
        yield items.list_of_evidence()
        yield items.collection()
        yield self._custody()
        yield CourtDerivatives(self.words, self.told).section()
        yield self._integrity()
        yield items.findings()
        yield from self._logs()
        yield self._media()
        yield Section(tell("signatures"), [(tell("seal-number"), NOTHING * 8)], signatures=self._signers())
        limits = [f"{n}. {tell(f'limit-{one}')}" for n, one in enumerate(_LIMITS, 1)]
        yield Section(tell("limits"), text=limits)

    def _custody(self) -> Section:
        tell = self.words.tell
        items = CourtItems(self.words, self.told)
        about = {(one["log"], one["index"]): one for one in self.report["custody"]}
        names = ("n", "time", "act", "actor", "result", "leaf", "told")
        shown = dict[str, str]()
        in_time = enumerate(_in_time(self.told["custody"]), 1)
        rows = [
            [str(number), *self._event(row, about.get((_log_of(row["log"]), row["index"]), {}), items, shown)]
            for number, row in in_time
        ]
        columns = [tell(f"column-{name}") for name in names]
        return Section(
            tell("custody"), text=[tell("custody-how")], columns=columns, rows=rows,
            widths=[0.7, 1.9, 1.8, 1.6, 0.7, 1.5, 3.3],
        )  # fmt: skip

    def _event(
        self, row: Mapping[str, Any], event: Mapping[str, Any], items: CourtItems, shown: dict[str, str]
    ) -> list[str]:
        """Return the line of an entry, from its time on; of one that is withheld, where it stands."""
        leaf = f"{_log_of(row['log'])}/{row['index']}"
        if row.get("withheld"):
            return [NOTHING] * 4 + [leaf, self.words.tell("export-withheld")]
        who = self.words.person(event.get("who") or {"id": row["by"]})
        roles = " ".join(self.words.word(f"role.{role}") for role in event.get("roles", ()))
        titles = _titles(items, event.get("titles", {}), shown)
        fields = [f"{self._named(name)}: {self._field(one)}" for name, one in row["fields"].items()]
        told = "\n".join([*self._export(event.get("export")), *titles, *fields])
        time, act = self.words.time(row["t"]), self.words.act(row["act"])
        return [time, act, f"{who}\n{roles}".strip(), self.words.result(row["res"]), leaf, told]

    def _export(self, one: Mapping[str, Any] | None) -> Iterator[str]:
        """Yield of which export an entry is, so that they are told apart."""
        if one is not None:
            which = self.words.tell("export-this" if one["is_this"] else "export-other")
            yield f"{which} {one['number'] or ''}".strip()

    def _named(self, field: str) -> str:
        known = catalogue(self.words.language)
        keys = (f"court.field-{field}", f"court.{field}", f"label.{field}")
        return next((known[key] for key in keys if key in known), field)

    def _field(self, one: Mapping[str, Any]) -> str:
        if one["state"] == "disclosed":
            return str(one.get("value"))
        return self.words.tell(f"field-{one['state']}")

    def _integrity(self) -> Section:
        tell, items = self.words.tell, CourtItems(self.words, self.told)
        rows = [
            [
                f"{items.numbers(one['id'])} {items.title(one)}",
                self.words.time(one["checked"]),
                self._checked(one["result"]),
                "\n".join(map(self.words.result, one["past_faults"])) or NOTHING,
            ]
            for one in self.report["integrity"]
        ]
        columns = [tell(f"column-{name}") for name in ("name", "checked", "result", "past")]
        how = [tell("integrity-how")]
        return Section(tell("integrity"), text=how, columns=columns, rows=rows, widths=[2.6, 2, 3, 1.6])

    def _checked(self, result: str | None) -> str:
        """Say what came of the last regular check: what was compared, or the first fault."""
        if result is None:
            return self.words.tell("check-none")
        return self.words.tell("check-sound") if result == "ok" else self.words.result(result)

    def _logs(self) -> Iterator[Section]:
        tell = self.words.tell
        heads = {one["log"]: one for one in self.report["log"]}
        checks = [f"{n}. {tell(f'check-{one}')}" for n, one in enumerate(_CHECKS, 1)]
        yield Section(tell("log"), text=checks)
        for one in self.told["logs"]:
            head = heads.get(_log_of(one["origin"]), {})
            facts = [
                (tell("origin"), one["origin"]),
                (tell("tree-size"), str(one["size"])),
                (tell("root"), one["root"]),
                (tell("signers"), " ".join(head.get("signers", ())) or NOTHING),
                (tell("stamped"), tell("yes" if head.get("stamped") else "no")),
            ]
            note = str(head.get("checkpoint", ""))
            yield Section(facts=facts, code=note, picture=_code_of(note), alt=tell("code"))

    def _media(self) -> Section:
        tell = self.words.tell
        rows = [
            [one["name"], str(one["files"]), f"{one['bytes']:,}", one["manifest_sha256"], one["manifest_sm3"]]
            for one in self.told["bags"]
        ]
        columns = [tell(f"column-{name}") for name in ("bag", "files", "bytes", "manifest", "manifest-sm3")]
        medium = self.words.word(f"export-medium.{self.report['cover']['medium']}")
        return Section(
            tell("media"),
            [(tell("medium"), medium)],
            [tell("media-how")],
            columns,
            rows,
            [1.8, 0.7, 1.2, 3, 3],
        )

    def _signers(self) -> list[tuple[str, str]]:
        cover = self.report["cover"]
        person = self.words.person
        names = {"maker": person(cover["prepared_by"]), "reviewer": person(cover["reviewed_by"])}
        return [(self.words.tell(f"signer-{one}"), names.get(one, "")) for one in _SIGNERS]


def _titles(items: CourtItems, titles: Mapping[str, str], shown: dict[str, str]) -> Iterator[str]:
    """Yield what files were called then, each where it has another title than before; else its number."""
    if same := [id_ for id_, title in titles.items() if shown.get(id_) == title]:
        yield items.numbers(*same)
    for id_, title in titles.items():
        if shown.get(id_) != title:
            yield f"{items.numbers(id_)} {title}"
    shown.update(titles)


def _in_time(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the entries by their time; they stand there by log and place. One that is withheld has no time,
    and stays behind the one before it in its log."""
    times, last = list[str](), ""
    for row in rows:
        last = str(row.get("t", last))
        times.append(last)
    return [row for _, row in sorted(zip(times, rows, strict=True), key=lambda pair: pair[0])]


def _log_of(origin: str) -> str:
    """Return a log without the site's name: "custody", "access/2026"."""
    site, _, last = origin.rpartition("/")
    return last if last == "custody" else f"{site.rpartition('/')[2]}/{last}"


def cover_facts(words: Words, cover: Mapping[str, Any], time: str = "time") -> list[tuple[str, str]]:
    """Return what a document is of: by whom, for whom, on what ground. time: the word for its moment."""
    tell = words.tell
    return [
        (tell("agency"), str(cover["agency"])),
        (tell("case"), cover["case"] or NOTHING),
        (tell("number"), cover["number"]),
        (tell("way"), words.word(f"export-way.{cover['way']}")),
        (tell("basis"), cover["basis"] or NOTHING),
        (tell("cites"), words.cites(cover["cites"])),
        (tell("recipient"), cover["recipient"] or NOTHING),
        (tell("purpose"), cover["purpose"] or NOTHING),
        (tell("prepared"), _done_by(words, cover["prepared_by"], cover.get("asked"))),
        (tell("reviewed"), _done_by(words, cover["reviewed_by"], cover.get("decided"))),
        (tell(time), f"{words.time(cover['time'])} ({words.zone})"),
        (tell("system"), cover["system"]),
    ]


def _done_by(words: Words, who: Mapping[str, Any] | None, at: str | None) -> str:
    return words.person(who) if at is None else f"{words.person(who)}  {words.time(at)}"


def _code_of(note: str) -> str:
    """Return a checkpoint as a QR code, to be read from paper."""
    if not note:
        return ""
    out = BytesIO()
    segno.make(note, error="m", micro=False).save(out, kind="svg", border=2)
    return out.getvalue().decode()
