"""The tables about people: units, roll, grants, and what the policy of access asks about a recording.

All of them go into the vault as rows, but for people's names (repositories/journal.py). Nothing is deleted:
what ends gets the time of its end.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table

from evidence.adapters.db.columns import AnyText, Day, Id, Time, Words, metadata

unit = Table(
    "unit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("parent_id", Id, ForeignKey("unit.id")),
    Column("name", AnyText, nullable=False),
    Column("path", AnyText, nullable=False, unique=True),
    Column("created_at", Time, nullable=False),
    Column("closed_at", Time),
)

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),  # also of the account, if there is one
    Column("number", AnyText, nullable=False, unique=True),  # what docks send as the wearer
    Column("name", AnyText),  # personal: in no piece of rows; null where it was erased
    Column("type", Words(10), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("contract_from", Day),
    Column("contract_to", Day),
    Column("card_number", AnyText),
    Column("created_at", Time, nullable=False),
    Column("leaving_at", Time),
    Column("left_at", Time),
)

post = Table(
    "post",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("title", AnyText, nullable=False),
    Column("since", Day, nullable=False),
    Column("until", Day),
)

training = Table(
    "training",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("name", AnyText, nullable=False),
    Column("days", Integer, nullable=False),
    Column("held_on", Day, nullable=False),
    Column("passed", Boolean, nullable=False),
)

undertaking = Table(
    "undertaking",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Words(20), nullable=False),
    Column("signed_on", Day, nullable=False),
)

role_grant = Table(  # null unit: everywhere
    "role_grant",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("role", Words(30), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id")),
    Column("reason", AnyText, nullable=False),
    Column("granted_by", Words(32), nullable=False),
    Column("granted_at", Time, nullable=False),
    Column("until", Time),
    Column("revoked_at", Time),
    Column("revoked_by", Words(32)),
)

standing = Table(  # what the policy of access asks about a recording; without a row: nobody knows
    "standing",
    metadata,
    Column("recording_id", Id, ForeignKey("recording.id"), primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), index=True),
    Column("person_id", Id, ForeignKey("person.id"), index=True),
    Column("commander_id", Id, ForeignKey("person.id"), index=True),
    Column("classification", Words(20), nullable=False),
    Column("under_transfer", Boolean, nullable=False),
    Column("on_hold", Boolean, nullable=False),
)

reader = Table(  # who needs to know of a restricted recording
    "reader",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("named_by", Words(32), nullable=False),
    Column("since", Time, nullable=False),
    Column("until", Time),
    Column("ended_at", Time),
)

case_file = Table(
    "case_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", AnyText, nullable=False, unique=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("closed_at", Time),
)

case_recording = Table(
    "case_recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("linked_by", Words(32), nullable=False),
    Column("linked_at", Time, nullable=False),
    Column("ended_at", Time),
)

case_member = Table(  # one row for each action that a member was given
    "case_member",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("action", Words(30), nullable=False),
    Column("named_by", Words(32), nullable=False),
    Column("since", Time, nullable=False),
    Column("until", Time),
    Column("ended_at", Time),
)

hold = Table(  # kept until somebody lifts it, whatever the date
    "hold",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("ground", Words(30), nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("placed_by", Words(32), nullable=False),
    Column("placed_at", Time, nullable=False),
    Column("asked_by", Words(32)),
    Column("asked_at", Time),
    Column("ask_reason", AnyText),
    Column("released_by", Words(32)),
    Column("released_at", Time),
    Column("settled", Boolean, nullable=False, index=True),  # the vault has been told
)

serious_event = Table(
    "serious_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reason", AnyText, nullable=False),
    Column("marked_by", Words(32), nullable=False),
    Column("marked_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("ended_by", Words(32)),
)

serious_recording = Table(
    "serious_recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("serious_event.id"), nullable=False, index=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
)

serious_person = Table(
    "serious_person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("serious_event.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
)

emergency = Table(  # a recording opened to somebody for a while, by somebody else
    "emergency",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("recording_id", Id, nullable=False),  # as it was asked for: there may be none of that id
    Column("reason", AnyText, nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("decided_by", Words(32)),
    Column("decided_at", Time),
    Column("is_granted", Boolean),
    Column("until", Time),
    Column("ended_at", Time),
    Column("ended_by", Words(32)),
)

class_change = Table(  # a recording's class, or the wish to take it off, which somebody else decides
    "class_change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("classification", Words(20), nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("asked_by", Words(32), nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("decided_by", Words(32)),
    Column("decided_at", Time),
    Column("is_granted", Boolean),
)

notice = Table(  # what unit heads and security must hear of; null unit: nobody knows whose it is
    "notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Time, nullable=False, index=True),
    Column("kind", Words(30), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id")),
    Column("recording_id", Id, ForeignKey("recording.id")),
    Column("person_id", Id, ForeignKey("person.id")),  # whom it is about
    Column("about_id", Id),  # the emergency, event, explanation, exemption
)
