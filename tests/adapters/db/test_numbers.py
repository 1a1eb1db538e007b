"""The views compare case numbers as the rule does, and are read by their indexes."""

from __future__ import annotations

from sqlalchemy import select, text

from evidence.adapters.db.label_tables import label
from evidence.adapters.db.numbers import case_numbered, label_numbered, recording_numbered
from evidence.adapters.db.tables import recording
from evidence.domain.case_numbers import normal_form
from evidence.domain.ids import new_id
from tests.builders import SmallSite
from tests.domain.test_case_numbers import OTHERS, SAME
from tests.step_room import StepRoom


def test_the_views_say_the_normal_form_of_what_was_typed(small: SmallSite) -> None:
    room = StepRoom(small)
    typed = [*SAME, *(one for one in OTHERS if one), "a'b；--", "乙"]
    shot = {room.shoot(number=one): one for one in typed}
    with small.database.engine.begin() as connection:
        for serial, one in enumerate(typed, 2):
            row = {"recording_id": next(iter(shot)), "serial": serial, "name": "case-number", "value": one}
            row |= {"given_by": "x", "given_at": "2026"}
            connection.execute(label.insert().values(id=new_id(), **row))
        said = connection.execute(
            select(label.c.value, label_numbered.c.normal).join(
                label_numbered, label_numbered.c.label_id == label.c.id
            )
        ).all()
        docked = connection.execute(select(recording_numbered)).all()
    assert {one for one, _ in said} == set(typed)
    assert all(normal == normal_form(one) for one, normal in said)
    assert {row.recording_id: row.normal for row in docked} == {
        id_: normal_form(one.strip()) for id_, one in shot.items()
    }


def test_what_is_looked_for_by_its_number_is_found_by_an_index(small: SmallSite) -> None:
    if small.database.engine.dialect.name != "sqlite":
        return  # PostgreSQL reads so few rows one by one
    with small.database.engine.connect() as connection:
        for view, column, index in (
            (case_numbered, case_numbered.c.normal, "case_by_number"),
            (recording_numbered, recording_numbered.c.normal, "recording_by_docked_number"),
        ):
            asked = (
                select(view).where(column == "x").compile(connection, compile_kwargs={"literal_binds": True})
            )
            plan = str(connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all())
            assert index in plan
        plan = str(
            connection.execute(
                text(
                    "EXPLAIN QUERY PLAN SELECT label_id FROM case_numbered JOIN label_numbered USING (normal)"
                    " WHERE name = 'case-number' AND case_id = 'x'"
                )
            ).all()
        )
        assert "label_by_number" in plan
    assert recording.name == "recording"
