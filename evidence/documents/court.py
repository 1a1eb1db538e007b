"""Documents of the court desk, set from what is signed, sealed or stated elsewhere: chain-of-custody report,
evidence list, hand-over form, letters of refusal, certificates.

Chinese first; each can be set in English too. The wording of forms is to be read by a lawyer before use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.bundle.shipment import Statement
from evidence.documents.court_items import CourtItems
from evidence.documents.court_letters import RefusalLetter
from evidence.documents.court_pages import CustodyPages, cover_facts
from evidence.documents.court_words import Section, Words, spaced
from evidence.domain.exports import Built, Export, Volume
from evidence.domain.instants import to_text
from evidence.domain.signed import disassemble
from evidence.domain.wording import printable
from evidence.errors import Conflict, Invalid, Known
from evidence.locale import CHINESE, ENGLISH, NOTHING
from evidence.policy.rules import Pack
from evidence.service.court.export_lists import ListedExport
from evidence.service.printing_ports import Press

TEMPLATE = "document"
KINDS = ("custody-report", "evidence-list", "hand-over", "refusal", "us-certificate")


@dataclass(frozen=True)
class CourtPapers:
    """See service.export_ports.Paper."""

    press: Press
    home: Pack | None = None
    language: str = CHINESE

    def custody(self, statement: Statement, at: datetime) -> bytes:
        """Return the chain-of-custody report as PDF: all that it says stands in the statement."""
        told: Mapping[str, Any] = statement
        words = Words(self.language, str(told["report"]["zone"]), self.home)
        return self.set("custody", CustodyPages(words, told).sections(), told["report"]["cover"], words, at)

    def export(self, listed: ListedExport, kind: str, at: datetime) -> bytes:
        """Return a document about an export.

        Raises: Invalid("unknown-document"), Conflict("not-built", "not-handed-over", "nothing-refused").
        """
        if kind == "custody-report":  # as it lies in the package, byte for byte
            told = statement_of(listed)
            return self.custody(told, datetime.fromisoformat(told["export"]["created"]))
        is_american = kind == "us-certificate"  # a form of another law, in its language
        words = Words(ENGLISH if is_american else self.language, listed.zone, self.home)
        pages, letter = ExportPages(words, listed), RefusalLetter(words, listed)
        made = {
            "evidence-list": pages.evidence_list,
            "hand-over": pages.hand_over,
            "refusal": letter.sections,
            "us-certificate": pages.us_certificate,
        }.get(kind)
        if made is None:
            raise Invalid("unknown-document", kind=kind, known=Known(KINDS))
        title = letter.title if kind == "refusal" else kind
        return self.set(title, made(), listed.cover, words, at)

    def destruction(self, said: Mapping[str, Any], zone: str, at: datetime) -> bytes:
        """Return a certificate of destruction, as it was signed, on paper."""
        words = Words(self.language, zone, self.home)
        cover = {"agency": "", "number": said["disposal"]}
        return self.set("destruction", destruction_pages(words, said), cover, words, at)

    def set(
        self,
        title: str,
        sections: Iterator[Section],
        cover: Mapping[str, Any],
        words: Words,
        at: datetime,
        *,
        wide: bool = False,
    ) -> bytes:
        """Return a document of these sections. cover: agency and number."""
        name = words.tell(f"title.{title}")
        number = str(cover["number"])
        values = {
            "agency": printable(str(cover["agency"])),
            "language": "zh" if words.language == CHINESE else "en",
            "number": number,
            "running": f"{name} · {number}",
            "sections": [one.plain() for one in sections],
            "title": name,
            "wide": wide,
            "words": {key: words.word(f"paper.{key}") for key in ("page", "font", "lacking")},
        }
        return self.press.print(TEMPLATE, values, at)


@dataclass(frozen=True)
class ExportPages:
    """What the documents about an export say, one by one."""

    words: Words
    listed: ListedExport

    @property
    def _cover(self) -> Section:
        return Section(facts=cover_facts(self.words, self.listed.cover, "printed"))

    @property
    def _desk(self) -> str:
        """The unit that hands over: the one named for transfers, else the one whose export it is."""
        return printable(self.listed.desk or str(self.listed.cover["agency"]))

    def evidence_list(self) -> Iterator[Section]:
        """Yield the evidence list (电子数据清单): category, format, integrity values, signatures."""
        yield self._cover
        yield CourtItems(self.words, statement_of(self.listed)).list_of_evidence("list-first")
        yield self.words.signatures("maker", "provider", "witness", "receiver")

    def hand_over(self) -> Iterator[Section]:
        """Yield the hand-over form: media with digests, who gave, who was beside, who received."""
        one, tell = self.listed.export, self.words.tell
        if one.hand_over is None or one.built is None:
            raise Conflict("not-handed-over", export=one.id)
        yield self._cover
        columns = [tell(f"column-{name}") for name in ("label", "files", "serial", "written", "digests")]
        files = _files_of(one.built)
        rows = [
            [
                volume.label,
                str(files.get(volume.number, NOTHING)),
                volume.serial or NOTHING,
                self._written(volume),
                self._digests(volume),
            ]
            for volume in one.built.volumes
        ]
        yield Section(tell("form-media"), columns=columns, rows=rows, widths=[1.6, 0.8, 1.4, 1.6, 3.8])
        made = sum(item.derivative_id is not None for item in one.granted)
        counts = {"number": len(one.granted), "originals": len(one.granted) - made, "derivatives": made}
        facts = [
            (tell("handed-over-items"), tell("items-of", **counts)),
            (tell("handed-over-files"), str(sum(files.values()) or NOTHING)),
            (tell("package"), spaced(one.built.package_sha256)),
            (tell("retained"), spaced(one.built.retained_sha256)),
            (tell("handed-over"), self.words.time(to_text(one.hand_over.at))),
            (tell("handed-over-by-unit"), self._desk),
            (tell("seal-number"), _seal_of(one) or NOTHING * 8),
        ]
        yield Section(facts=facts)
        gave, beside = (
            self.words.person(self.listed.people.get(id_))
            for id_ in (one.hand_over.gave, one.hand_over.beside)
        )
        names = {"provider": gave, "beside": beside, "receiver": one.hand_over.receiver or ""}
        names |= {"agency": self._desk, "receiver-agency": printable(one.said.recipient or "")}
        yield self.words.signatures("provider", "beside", "receiver", "agency", "receiver-agency", **names)

    def _digests(self, one: Volume) -> str:
        """Return the digests of a medium, and of the tag manifest on it: what a verifier asks for."""
        said = f"SHA-256\n{spaced(one.sha256)}\nSM3\n{spaced(one.sm3)}"
        seal = self.listed.seals.get(one.file)
        return said if seal in (None, one.sha256) else f"{said}\ntagmanifest-sha256.txt\n{spaced(seal)}"

    def _written(self, one: Volume) -> str:
        """Return when a medium was written, and who says what was read back: the program, or somebody."""
        if one.written_at is None:
            return NOTHING
        how = "read-by-program" if one.is_read else "read-stated"
        by = self.words.person(self.listed.people.get(one.written_by or ""))
        return f"{self.words.time(to_text(one.written_at))}\n{self.words.tell(how, by=by)}"

    def us_certificate(self) -> Iterator[Section]:
        """Yield the certificate under FRE 902(11), (13), (14), for a profile that asks for it."""
        items, tell = CourtItems(self.words, statement_of(self.listed)), self.words.tell
        yield Section(text=[tell("us-one"), tell("us-two"), items.store()])
        yield from items.certified()
        yield items.list_of_evidence("list-first")
        yield Section(text=[tell("us-four"), tell("us-oath")])
        yield self.words.signatures("maker", "witness")


def statement_of(listed: ListedExport) -> Mapping[str, Any]:
    """Return the custody statement of an export. Raises: Conflict("not-built")."""
    built = listed.export.built
    if built is None or built.statement is None:
        raise Conflict("not-built", export=listed.export.id)
    told: Mapping[str, Any] = json.loads(built.statement)
    return told


def destruction_pages(words: Words, said: Mapping[str, Any]) -> Iterator[Section]:
    """Yield a certificate of destruction (docs/formats/signed-document.md)."""
    tell, original = words.tell, said["original"]
    yield Section(text=[tell("destroyed-words")])
    facts = [
        (tell("column-name"), str(original["name"])),
        (tell("recording"), str(said["recording"])),
        (tell("column-device"), str(said["device"])),
        (tell("column-size"), tell("bytes", number=f"{original['size']:,}")),
        ("SHA-256", spaced(original["sha256"])),
        ("SM3", spaced(original["sm3"])),
        (tell("sealed"), words.time(said["sealed"])),
        (tell("kept-until"), words.time(said["kept_until"])),
        (tell("asked"), f"{said['asked']['by']} {words.time(said['asked']['at'])}"),
        (tell("decided"), f"{said['decided']['by']} {words.time(said['decided']['at'])}"),
        (tell("destroyed"), words.time(said["destroyed"])),
        (tell("cites"), words.cites(said["cites"])),
        (tell("system"), str(said["software"])),
    ]
    yield Section(facts=facts)
    yield Section(signatures=[(tell("signer-agency"), ""), (tell("signer-head"), "")])


def _files_of(built: Built) -> dict[int, int]:
    """Return how many files lie below `data` on each medium, by its number; nothing after a rebuild."""
    bags = () if built.statement is None else json.loads(built.statement)["bags"]
    return {number: bag["files"] for number, bag in enumerate(bags, 1)}


def _seal_of(one: Export) -> str | None:
    """Return the number of the seal as the receipt has it; None before there is one, and after a rebuild."""
    if one.receipt is None or one.receipt.document is None:
        return None
    seal = disassemble(one.receipt.document)[1].get("seal")
    return None if seal is None else printable(str(seal))
