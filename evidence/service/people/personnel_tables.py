"""A personnel file as the lines of a table: part, what, value; in the words of the catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evidence.service.people.personnel_files import PersonnelFile

Line = tuple[str, str, str]


def personnel_lines(one: PersonnelFile, word: Callable[[str], str]) -> Iterator[Line]:
    """Yield all that a personnel file says. word: gives the text of a key of the catalogues."""
    for part, what, value in _lines(one, word):
        yield word(f"file-part.{part}"), what, value


def _lines(one: PersonnelFile, word: Callable[[str], str]) -> Iterator[Line]:
    person = one.listed.person
    row = {
        "number": person.number,
        "name": person.name,
        "type": word(f"person-type.{person.type}"),
        "unit": one.listed.unit,
        "contract_from": person.contract_from,
        "contract_to": person.contract_to,
        "card_number": person.card_number,
        "leaving": person.leaving_at,
        "left": person.left_at,
    }
    for column, value in row.items():
        yield "person", word(f"sheet-column.{column}"), "" if value is None else str(value)
    for post in one.posts:
        yield "post", post.title, f"{post.since} – {post.until or ''}"
    passed, days = word("sheet-column.training_passed"), word("sheet-column.training_days")
    for training in one.trainings:
        answer = word(f"yes-no.{'yes' if training.passed else 'no'}")
        yield "training", training.name, f"{training.held_on}  {days} {training.days}  {passed} {answer}"
    for undertaking in one.undertakings:
        yield "undertaking", word(f"need.{undertaking.kind}"), str(undertaking.signed_on)
    for lack in one.listed.lacks:
        yield "lack", word(f"need.{lack.need}"), " ".join(cite.id for cite in lack.cites)
    for grant in one.grants:
        yield "grant", grant.role.value, str(grant.granted_at)
    yield "recordings", "", str(one.recordings)
    for code, number in one.findings.items():
        yield "finding", word(f"finding.{code}.title"), str(number)
    yield from (("cites", cite, "") for cite in one.cites)
