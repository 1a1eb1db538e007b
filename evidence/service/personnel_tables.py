"""A personnel file as the lines of a table: part, what, value."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.service.personnel_files import PersonnelFile

Line = tuple[str, str, str]


def personnel_lines(one: PersonnelFile) -> Iterator[Line]:
    """Yield all that a personnel file says."""
    person, listed = one.listed.person, one.listed
    row = {
        "number": person.number,
        "name": person.name,
        "type": person.type.value,
        "unit": listed.unit,
        "contract_from": person.contract_from,
        "contract_to": person.contract_to,
        "card_number": person.card_number,
        "leaving": person.leaving_at,
        "left": person.left_at,
    }
    yield from (("person", what, "" if value is None else str(value)) for what, value in row.items())
    for post in one.posts:
        yield "post", post.title, f"{post.since} – {post.until or ''}"
    for training in one.trainings:
        outcome = "passed" if training.passed else "failed"
        yield "training", training.name, f"{training.held_on}, {training.days} d, {outcome}"
    for undertaking in one.undertakings:
        yield "undertaking", undertaking.kind.value, str(undertaking.signed_on)
    for lack in listed.lacks:
        yield "lack", lack.need.value, " ".join(cite.id for cite in lack.cites)
    for grant in one.grants:
        yield "grant", grant.role.value, str(grant.granted_at)
    yield "recordings", "worn", str(one.recordings)
    for code, number in one.findings.items():
        yield "finding", code, str(number)
    yield from (("cites", cite, "") for cite in one.cites)
