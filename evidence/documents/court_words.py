"""Parts of documents of the court desk, and the words of one language that they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from evidence.adapters.packs import citation_text
from evidence.domain.instants import from_text
from evidence.domain.wording import printable
from evidence.locale import CHINESE, NOTHING, catalogue, text
from evidence.policy.rules import Pack


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
    """Texts of one language, and times of one zone. home: the pack under which citations are said."""

    language: str = CHINESE
    zone: str = "UTC"
    home: Pack | None = None

    def tell(self, key: str, /, **said: object) -> str:
        """Return a text of the catalogues, of the documents."""
        return text(self.language, f"court.{key}", **said)

    def sentence(self, key: str, facts: Mapping[str, object]) -> str:
        """Return a text of the catalogues, about what somebody else measured or said."""
        return printable(text(self.language, key, **facts))

    def word(self, key: str) -> str:
        """Return any text of the catalogues."""
        return text(self.language, key)

    def time(self, instant: str | None) -> str:
        """Return an instant as people read it, with its offset."""
        if instant is None:
            return NOTHING
        return from_text(instant).astimezone(ZoneInfo(self.zone)).isoformat(" ", "seconds")

    def day(self, instant: str) -> str:
        """Return the day of an instant, as letters are dated."""
        year, month, day = self.time(instant).partition(" ")[0].split("-")
        return self.tell("day", year=year, month=month, day=day)

    def signatures(self, *who: str, **names: str) -> Section:
        """Return blocks to sign in, with the names that are known."""
        return Section(
            self.tell("signed"), signatures=[(self.tell(f"signer-{one}"), names.get(one, "")) for one in who]
        )

    def person(self, who: Mapping[str, Any] | None) -> str:
        """Return who somebody is: name and number as far as they are told, else what they are."""
        if who is None:
            return NOTHING
        told = " ".join(str(one) for one in (who.get("name"), who.get("number")) if one)
        if who.get("kind") == "person":
            return told or self.tell("seer-person")
        key = f"officer.seer-{who.get('kind')}"
        kind = self.word(key) if key in catalogue(self.language) else str(who.get("id") or "")
        return f"{kind} {told}".strip() or NOTHING

    def act(self, act: str) -> str:
        """Return what an act of the log is called, with its name there."""
        key = f"log-act.{act}"
        return f"{self.word(key)}\n({act})" if key in catalogue(self.language) else act

    def result(self, result: str) -> str:
        """Return what came of an act: as the log has it, or the fault that was found."""
        keys = (f"log-result.{result}", f"fault.{result}")
        return next((self.word(key) for key in keys if key in catalogue(self.language)), result)

    def cites(self, cites: Sequence[str]) -> str:
        """Return articles as people read them."""
        whole = [citation_text(cite, self.home).partition(" / ") for cite in cites]
        return "; ".join(zh if self.language == CHINESE else en or zh for zh, _, en in whole)


def spaced(digest: str | None) -> str:
    """Return a digest in groups of eight, to be compared by eye."""
    if digest is None:
        return NOTHING
    return " ".join(digest[first : first + 8] for first in range(0, len(digest), 8))


def _lines(words: str) -> str:
    """Return words, line by line, so that nothing in them steers the page."""
    return "\n".join(printable(line) for line in words.split("\n"))
