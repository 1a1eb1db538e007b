"""Cases: who may open them, what they may hold, and what members can be given. Refusals change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.ids import new_id
from evidence.domain.rights import BARRED_AS, CASE_RIGHTS, Action, Role
from evidence.errors import Conflict, EvidenceError, Invalid, NotFound, Refused
from tests import inside
from tests.manned_site import AGENCY, OPERATOR, A, B, MannedSite

LOOK = frozenset({Action.LIST_RECORDINGS, Action.PLAY})


@pytest.fixture
def site(tmp_path: Path) -> MannedSite:
    return MannedSite(tmp_path)


@pytest.fixture
def case(site: MannedSite) -> str:
    return site.cases.open(site.caller("head"), "杭综执〔2026〕7号", site.ids[A]).id


def refused(
    site: MannedSite,
    act: Callable[[], object],
    kind: type[EvidenceError],
    code: str,
    denied: bool | None = True,
) -> EvidenceError:
    """Do what must be refused; see that nothing changed but, where it is a denial, the log."""

    def tables() -> dict[str, object]:
        there = inside.tables(site.small.folder)
        return {name: rows for name, rows in there.items() if not name.startswith("audit")}

    before, entries = tables(), len(site.small.log())
    with pytest.raises(kind) as problem:
        act()
    assert problem.value.code == code
    assert tables() == before
    new = [json.loads(one)["act"] for one in site.small.log()[entries:]]
    assert denied is None or new == (["access.denied"] if denied else [])
    return problem.value


def test_a_case_goes_from_open_to_closed_and_the_log_tells_each_step(site: MannedSite, case: str) -> None:
    head, recording = site.caller("head"), site.seal("officer")
    entries = len(site.small.log())
    site.cases.link(head, case, recording)
    site.cases.link(head, case, recording)  # is linked already: nothing happens
    until = site.small.clock.now() + timedelta(days=3)
    site.cases.name(head, case, site.ids["stranger"], LOOK, until)
    file = site.cases.get(head, case)
    assert [one.recording.id for one in file.recordings] == [recording]
    assert [(one.number, one.actions, one.until) for one in file.members] == [("020001", LOOK, until)]
    site.cases.dismiss(head, case, site.ids["stranger"])
    site.cases.unlink(head, case, recording, "误列")
    site.cases.close(head, case)
    file = site.cases.get(head, case)
    assert (file.recordings, file.members) == ([], [])
    assert file.case.closed_at is not None
    said = [json.loads(one) for one in site.small.log()[entries:]]
    assert [one["act"] for one in said if one["act"].startswith("case")] == [
        "case.link",
        "case.name",
        "case.dismiss",
        "case.unlink",
        "case.close",
    ]
    named = next(one for one in said if one["act"] == "case.name")
    assert named["facts"] == {"actions": ["list-recordings", "play"], "until": until.isoformat()}
    assert [(one["k"], one["id"]) for one in named["obj"]] == [
        ("case", case),
        ("person", site.ids["stranger"]),
    ]


def test_a_member_has_what_was_named_until_its_end_and_naming_again_replaces_it(
    site: MannedSite, case: str
) -> None:
    head, recording = site.caller("head"), site.seal("officer")
    site.cases.link(head, case, recording)
    until = site.small.clock.now() + timedelta(hours=1)
    site.cases.name(head, case, site.ids["stranger"], LOOK, until)
    assert site.small.recordings.get(site.caller("stranger"), recording)
    site.small.clock.pass_by(timedelta(hours=1))
    with pytest.raises(NotFound):
        site.small.recordings.get(site.caller("stranger"), recording)
    site.cases.name(head, case, site.ids["stranger"], {Action.READ_FINDINGS})
    with pytest.raises(NotFound):
        site.small.recordings.get(site.caller("stranger"), recording)
    assert site.small.recordings.findings(site.caller("stranger"), recording) == []


@pytest.mark.parametrize("who", ["officer", "aux", "custodian", "auditor", "system", "security", "audit"])
def test_only_heads_manage_cases(site: MannedSite, case: str, who: str) -> None:
    caller = site.caller(who)
    code = "barred-by-law" if who == "aux" else "not-permitted"
    refused(site, lambda: site.cases.open(caller, "1", site.ids[A]), Refused, code)
    refused(site, lambda: site.cases.close(caller, case), Refused, code)


def test_the_head_of_another_unit_does_not_find_the_case_nor_the_unit(site: MannedSite, case: str) -> None:
    other, recording = site.caller("head_b"), site.seal("stranger")
    for act in (
        lambda: site.cases.get(other, case),
        lambda: site.cases.close(other, case),
        lambda: site.cases.link(other, case, recording),
        lambda: site.cases.name(other, case, site.ids["officer"], LOOK),
        lambda: site.cases.get(other, new_id()),
    ):
        refused(site, act, NotFound, "case-not-found")
    for unit_id in (site.ids[A], site.ids[AGENCY], new_id(), "nonsense"):
        refused(site, lambda it=unit_id: site.cases.open(other, "1", it), NotFound, "unit-not-found")
    assert site.cases.list(other) == []
    assert [one.id for one in site.cases.list(site.caller("head"))] == [case]
    assert [one.id for one in site.cases.list(site.caller("chief"))] == [case]
    assert [one.id for one in site.cases.list(OPERATOR)] == [case]


@pytest.mark.parametrize("who", ["system", "security", "audit"])
def test_no_administrator_becomes_a_member(site: MannedSite, case: str, who: str) -> None:
    head = site.caller("head")
    problem = refused(
        site, lambda: site.cases.name(head, case, site.ids[who], LOOK), Refused, "roles-kept-apart"
    )
    assert problem.fields["held"] == f"{who}-administrator"


def test_who_took_part_in_a_serious_event_hands_what_shows_it_to_nobody(site: MannedSite, case: str) -> None:
    head, chief, recording = site.caller("head"), site.caller("chief"), site.seal("officer")
    site.mark_serious(recording, "head")
    refused(site, lambda: site.cases.link(head, case, recording), Refused, "serious-event")
    site.cases.link(chief, case, recording)
    stranger = site.ids["stranger"]
    refused(site, lambda: site.cases.name(head, case, stranger, LOOK), Refused, "serious-event")
    site.cases.name(chief, case, stranger, LOOK)


def test_nobody_names_themselves(site: MannedSite, case: str) -> None:
    head = site.caller("head")
    refused(site, lambda: site.cases.name(head, case, head.id, LOOK), Refused, "own-request")


@pytest.mark.article("inner-mongolia-aux:13(3)")
@pytest.mark.parametrize("action", sorted(CASE_RIGHTS & BARRED_AS.keys()))
def test_auxiliaries_cannot_be_given_what_the_law_bars_and_the_article_is_named(
    site: MannedSite, case: str, action: Action
) -> None:
    head = site.caller("head")
    problem = refused(
        site,
        lambda: site.cases.name(head, case, site.ids["aux"], {Action.LIST_RECORDINGS, action}),
        Refused,
        "barred-by-law",
    )
    cites = str(problem.fields["cites"]).split()
    known = {cite.id for cite in site.small.site.bars()[BARRED_AS[action]]}
    assert cites
    assert set(cites) <= known
    assert json.loads(site.small.log()[-1])["facts"]["cites"] == cites
    site.cases.name(head, case, site.ids["aux"], LOOK)


def test_a_case_gives_no_right_that_is_not_for_cases(site: MannedSite, case: str) -> None:
    head = site.caller("head")
    for actions in ([], [Action.DISPOSE], [Action.PLAY, Action.CLASSIFY], [Action.MANAGE_CASES]):
        act = lambda it=actions: site.cases.name(head, case, site.ids["stranger"], it)  # noqa: E731
        refused(site, act, Invalid, "not-a-case-right", denied=False)


def test_an_end_lies_ahead_and_who_has_left_is_not_named(site: MannedSite, case: str) -> None:
    head, now = site.caller("head"), site.small.clock.now()
    act = lambda: site.cases.name(head, case, site.ids["stranger"], LOOK, now)  # noqa: E731
    refused(site, act, Invalid, "end-not-ahead", denied=False)
    act = lambda: site.cases.name(head, case, new_id(), LOOK)  # noqa: E731
    refused(site, act, NotFound, "person-not-found", denied=False)
    with site.small.database.writing() as unit:
        found = unit.people.get(site.ids["stranger"])
        assert found is not None
        unit.people.put(type(found)(**{**{f: getattr(found, f) for f in found.__slots__}, "left_at": now}))
    act = lambda: site.cases.name(head, case, site.ids["stranger"], LOOK)  # noqa: E731
    refused(site, act, Conflict, "not-on-roll", denied=False)


def test_only_what_ones_unit_answers_for_is_linked(site: MannedSite, case: str) -> None:
    head, foreign = site.caller("head"), site.seal("stranger")
    refused(site, lambda: site.cases.link(head, case, foreign), NotFound, "recording-not-found")
    refused(site, lambda: site.cases.link(head, case, new_id()), NotFound, "recording-not-found", denied=None)
    other = site.cases.open(OPERATOR, "其他案件", site.ids[B])
    site.cases.link(OPERATOR, other.id, foreign)
    site.cases.name(OPERATOR, other.id, site.ids["head"], {Action.LIST_RECORDINGS})
    assert site.small.recordings.get(head, foreign), "known by another case"
    refused(site, lambda: site.cases.link(head, case, foreign), Refused, "not-permitted")
    site.cases.link(site.caller("chief"), case, foreign)


def test_a_closed_case_takes_nothing_and_its_number_stays_taken(site: MannedSite, case: str) -> None:
    head, recording = site.caller("head"), site.seal("officer")
    site.cases.close(head, case)
    refused(site, lambda: site.cases.close(head, case), Conflict, "case-closed", denied=False)
    refused(site, lambda: site.cases.link(head, case, recording), Conflict, "case-closed", denied=False)
    act = lambda: site.cases.name(head, case, site.ids["stranger"], LOOK)  # noqa: E731
    refused(site, act, Conflict, "case-closed", denied=False)
    number = site.cases.get(head, case).case.number
    act = lambda: site.cases.open(head, number, site.ids[A])  # noqa: E731
    refused(site, act, Conflict, "case-number-taken", denied=False)


@pytest.mark.parametrize("number", ["", "  ", "a\nb", "x" * 101])
def test_a_case_number_is_a_line_of_text(site: MannedSite, number: str) -> None:
    act = lambda: site.cases.open(OPERATOR, number, site.ids[A])  # noqa: E731
    refused(site, act, Invalid, "invalid-name", denied=False)


def test_what_is_not_there_cannot_be_ended(site: MannedSite, case: str) -> None:
    head, recording = site.caller("head"), site.seal("officer")
    for one in (recording, "nonsense"):
        act = lambda it=one: site.cases.unlink(head, case, it, "误列")  # noqa: E731
        refused(site, act, NotFound, "recording-not-linked", denied=False)
    for one in (site.ids["stranger"], "nonsense"):
        act = lambda it=one: site.cases.dismiss(head, case, it)  # noqa: E731
        refused(site, act, NotFound, "not-a-member", denied=False)


def test_a_case_shows_its_manager_no_recording_that_became_restricted(site: MannedSite, case: str) -> None:
    head, recording = site.caller("head"), site.seal("officer")
    site.cases.link(head, case, recording)
    site.restrict(recording)
    assert site.cases.get(head, case).recordings == []
    assert [one.recording.id for one in site.cases.get(OPERATOR, case).recordings] == [recording]


def test_an_auxiliary_with_the_role_of_a_head_manages_no_case(site: MannedSite, case: str) -> None:
    site.grant("aux", Role.UNIT_HEAD, A)
    aux = site.caller("aux")
    refused(site, lambda: site.cases.name(aux, case, site.ids["stranger"], LOOK), Refused, "barred-by-law")
    assert site.cases.get(site.caller("head"), case).members == []
