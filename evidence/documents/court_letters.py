"""The letter to whom footage is refused, all or some of it: from which agency, of which day, on which ground.

It gives the grounds of the catalogue, each with its article, and never a word of the decider's: what is noted
for the file is not what is written to an applicant. What neither law nor pack says is not made up: it is a
marked blank, to be filled in by the agency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.documents.court_words import Section, Words
from evidence.domain.exports import Ground, Item, Way
from evidence.domain.instants import to_text
from evidence.domain.wording import printable
from evidence.errors import Conflict
from evidence.locale import NOTHING
from evidence.service.court.export_lists import ListedExport


@dataclass(frozen=True)
class RefusalLetter:
    """The letter about one export."""

    words: Words
    listed: ListedExport

    @property
    def title(self) -> str:
        """The key of its title."""
        one = self.listed.export
        about = "part-refusal" if one.granted else "refusal"
        return f"{about}-transfer" if one.way is Way.TRANSFER else about

    def sections(self) -> Iterator[Section]:
        """Yield it. Raises: Conflict("nothing-refused")."""
        one, tell, decided = self.listed.export, self.words.tell, self.listed.export.decision
        if not one.refused or decided is None:
            raise Conflict("nothing-refused", export=one.id)
        is_office = one.way is Way.TRANSFER  # procuratorate or court: no party, and no party's remedies
        opening = f"letter-{'part' if one.granted else 'whole'}{'-transfer' if is_office else ''}"
        counts = {"granted": len(one.granted), "refused": len(one.refused), "number": one.number}
        asked = self.words.day(to_text(one.asked_at))
        addressed = tell("letter-to", name=one.said.applicant or one.said.recipient or NOTHING)
        yield Section(text=[addressed, tell(opening, asked=asked, **counts)])
        columns = [tell(f"column-{name}") for name in ("number", "name", "ground", "cites")]
        rows = [[str(number), *self._line(item)] for number, item in enumerate(one.refused, 1)]
        yield Section(columns=columns, rows=rows, widths=[0.6, 4, 2.4, 3])
        law = tell("letter-law", cites=self.words.cites(self.listed.cites))
        yield Section(text=[law, tell("letter-contact" if is_office else "letter-remedy")])
        yield self.words.signatures("agency", "head", agency=printable(self.listed.office))
        yield Section(facts=[(tell("letter-dated"), self.words.day(to_text(decided.at)))])

    def _line(self, item: Item) -> tuple[str, str, str]:
        ground = self.words.word(f"export-ground.{item.ground}")
        if item.ground is Ground.OTHER:
            ground = f"{ground}\n{self.words.tell('letter-ground')}"
        title = self.listed.titles.get(item.recording_id, self.words.tell("letter-unnamed"))
        return title, ground, self.words.cites(self._cites(item))

    def _cites(self, item: Item) -> Sequence[str]:
        """Return by which articles a file is refused: those of secrecy, else those of the way out."""
        secret = self.listed.secrecy_cites if item.ground is Ground.SECRET else ()
        return secret or self.listed.cites
