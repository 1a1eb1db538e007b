"""What a custody statement says, in the order of a report (exports.md §6.2), in one language.

The numbers are those of the statement, never computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import segno

from evidence.adapters.packs import citation_text
from evidence.domain.instants import from_text
from evidence.domain.wording import printable
from evidence.locale import CHINESE, NOTHING, catalogue, text

_LIMITS = ("content", "account", "before", "copy")
_CHECKS = ("one", "two", "three", "four", "five")
_SIGNERS = ("maker", "reviewer", "provider", "witness", "receiver")


@dataclass(frozen=True)
class Section:
    """A part of a document."""

    heading: str = ""
    facts: Sequence[tuple[str, str]] = ()
    text: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    widths: Sequence[float] = ()
    code: str = ""
    picture: str = ""
    alt: str = ""
    signatures: Sequence[tuple[str, str]] = ()

    def plain(self) -> dict[str, object]:
        """Return it as the template reads it."""
        return {
            "heading": self.heading,
            "facts": [[label, _lines(value)] for label, value in self.facts],
            "text": list(self.text),
            "columns": list(self.columns),
            "rows": [[_lines(cell) for cell in row] for row in self.rows],
            "widths": list(self.widths or [1] * len(self.columns)),
            "code": self.code,
            "picture": self.picture,
            "alt": self.alt,
            "signatures": [[label, printable(name)] for label, name in self.signatures],
        }


@dataclass(frozen=True)
class Words:
    """Texts of one language, and times of one zone."""

    language: str = CHINESE
    zone: str = "UTC"

    def tell(self, key: str, /, **said: object) -> str:
        """Return a text of the catalogues, of the documents."""
        return text(self.language, f"court.{key}", **said)

    def word(self, key: str) -> str:
        """Return any text of the catalogues."""
        return text(self.language, key)

    def time(self, instant: str | None) -> str:
        """Return an instant as people read it, with its offset."""
        if instant is None:
            return NOTHING
        return from_text(instant).astimezone(ZoneInfo(self.zone)).isoformat(" ", "seconds")

    def act(self, act: str) -> str:
        """Return what an act of the log is called, with its name there."""
        key = f"log-act.{act}"
        return f"{self.word(key)} ({act})" if key in catalogue(self.language) else act

    def cites(self, cites: Sequence[str]) -> str:
        """Return articles as people read them."""
        whole = [citation_text(cite).partition(" / ") for cite in cites]
        return "; ".join(zh if self.language == CHINESE else en or zh for zh, _, en in whole)


@dataclass(frozen=True)
class CustodyPages:
    """The ten sections of the report (exports.md §6.2)."""

    words: Words
    told: Mapping[str, Any]

    @property
    def report(self) -> Mapping[str, Any]:
        """The words beside the figures."""
        report: Mapping[str, Any] = self.told["report"]
        return report

    def sections(self) -> Iterator[Section]:
        """Yield them."""
        tell, cover = self.words.tell, self.report["cover"]
        yield Section(tell("cover"), cover_facts(self.words, cover))
        yield self.list_of_evidence()
        yield Section(tell("collection"), text=[tell("collection-how"), tell("collection-original")])
        yield self._custody()
        yield self._derivatives()
        yield self._integrity()
        yield from self._logs()
        yield self._media()
        yield Section(tell("signatures"), [(tell("seal-number"), NOTHING * 8)], signatures=self._signers())
        limits = [f"{n}. {tell(f'limit-{one}')}" for n, one in enumerate(_LIMITS, 1)]
        yield Section(tell("limits"), text=limits)

    def list_of_evidence(self) -> Section:
        """The electronic evidence list (电子数据清单)."""
        tell, known = self.words.tell, {one["id"]: one for one in self.report["items"]}
        names = ("number", "name", "category", "size", "length", "recorded", "device", "digests")
        rows = []
        for number, item in enumerate(self.told["items"], 1):
            about = known.get(item["id"]) or known.get(item.get("parent")) or {}
            rows.append([str(number), *self._line(item, about)])
        columns = [tell(f"column-{name}") for name in names]
        return Section(
            tell("list"), columns=columns, rows=rows, widths=[0.7, 2.6, 1.4, 1.2, 1, 2.1, 1.6, 3.6]
        )

    def _line(self, item: Mapping[str, Any], about: Mapping[str, Any]) -> list[str]:
        tell = self.words.tell
        codecs = "/".join(about.get("codecs", ()))
        kind = tell(f"category-{about.get('category', 'data')}")
        offset = f"{about.get('clock_offset_ms', 0) / 1000:+.3f} s"
        recorded = f"{self.words.time(about.get('began'))} – {self.words.time(about.get('ended'))}"
        length = about.get("length_ms")
        wearer = f"{about.get('device', '')}\n{about.get('wearer', '')}"
        return [
            f"{about.get('title') or item['device_name']}\n{item['id']}",
            f"{kind}\n{about.get('container', '')} {codecs}",
            tell("bytes", number=f"{item['size']:,}"),
            NOTHING if length is None else tell("seconds", number=f"{length / 1000:.3f}"),
            f"{recorded}\n{tell('offset')} {offset}",
            wearer,
            f"SHA-256\n{spaced(item['sha256'])}\nSM3\n{spaced(item['sm3'])}",
        ]

    def _custody(self) -> Section:
        tell = self.words.tell
        about = {(one["log"], one["index"]): one for one in self.report["custody"]}
        names = ("n", "time", "act", "actor", "result", "leaf", "told")
        rows = []
        for number, row in enumerate(self.told["custody"], 1):
            log = _log_of(row["log"])
            event = about.get((log, row["index"]), {})
            who = event.get("number") or row["by"] or ""
            roles = " ".join(self.words.word(f"role.{role}") for role in event.get("roles", ()))
            titles = [f"{id_[:8]} {title}" for id_, title in event.get("titles", {}).items()]
            fields = [f"{self._named(name)}: {self._field(one)}" for name, one in row["fields"].items()]
            leaf = f"{log}/{row['index']}"
            time = self.words.time(row["t"])
            told = "\n".join([*titles, *fields])
            rows.append(
                [str(number), time, self.words.act(row["act"]), f"{who} {roles}", row["res"], leaf, told]
            )
        columns = [tell(f"column-{name}") for name in names]
        return Section(
            tell("custody"), text=[tell("custody-how")], columns=columns, rows=rows,
            widths=[0.5, 1.6, 2, 1.8, 0.8, 1.5, 3.2],
        )  # fmt: skip

    def _named(self, field: str) -> str:
        key = f"court.{field}"
        return self.words.word(key) if key in catalogue(self.words.language) else field

    def _field(self, one: Mapping[str, Any]) -> str:
        if one["state"] == "disclosed":
            return str(one.get("value"))
        return self.words.tell(f"field-{one['state']}")

    def _derivatives(self) -> Section:
        tell = self.words.tell
        made = [one for one in self.told["items"] if one["kind"] == "derivative"]
        if not made:
            return Section(tell("derivatives"), text=[tell("derivatives-none")])
        rows = [[one["parent"], one["id"], one["device_name"], one["sha256"]] for one in made]
        columns = [tell(f"column-{name}") for name in ("parent", "derivative", "name", "sha256")]
        return Section(tell("derivatives"), columns=columns, rows=rows, widths=[2, 2, 2, 3])

    def _integrity(self) -> Section:
        tell = self.words.tell
        rows = [
            [
                one["id"],
                self.words.time(one["checked"]),
                one["result"] or NOTHING,
                " ".join(one["past_faults"]) or NOTHING,
            ]
            for one in self.report["integrity"]
        ]
        columns = [tell(f"column-{name}") for name in ("name", "checked", "result", "past")]
        how = [tell("integrity-how")]
        return Section(tell("integrity"), text=how, columns=columns, rows=rows, widths=[3, 2.4, 1.4, 2])

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
        names = {"maker": name_of(cover["prepared_by"]), "reviewer": name_of(cover["reviewed_by"])}
        return [(self.words.tell(f"signer-{one}"), names.get(one, "")) for one in _SIGNERS]


def _lines(words: str) -> str:
    """Return words, line by line, so that nothing in them steers the page."""
    return "\n".join(printable(line) for line in words.split("\n"))


def _log_of(origin: str) -> str:
    """Return a log without the site's name: "custody", "access/2026"."""
    site, _, last = origin.rpartition("/")
    return last if last == "custody" else f"{site.rpartition('/')[2]}/{last}"


def cover_facts(words: Words, cover: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a document is of: by whom, for whom, on what ground."""
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
        (tell("prepared"), name_of(cover["prepared_by"])),
        (tell("reviewed"), name_of(cover["reviewed_by"])),
        (tell("time"), f"{words.time(cover['time'])} ({words.zone})"),
        (tell("system"), cover["system"]),
    ]


def name_of(person: Mapping[str, Any] | None) -> str:
    if person is None:
        return NOTHING
    return " ".join(str(one) for one in (person["name"], person["number"] or person["id"]) if one)


def spaced(digest: str | None) -> str:
    """Return a digest in groups of eight, to be compared by eye."""
    if digest is None:
        return NOTHING
    return " ".join(digest[first : first + 8] for first in range(0, len(digest), 8))


def _code_of(note: str) -> str:
    """Return a checkpoint as a QR code, to be read from paper."""
    if not note:
        return ""
    out = BytesIO()
    segno.make(note, error="m", micro=False).save(out, kind="svg", border=2)
    return out.getvalue().decode()
