"""The tables about recording devices: the register, checks, issues, faults and maintenance.

All of them go into the vault as rows. Nothing is deleted: what ends gets the time of its end.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table

from evidence.adapters.db.columns import AnyText, Day, Id, Time, Words, metadata

device = Table(
    "device",
    metadata,
    Column("id", Id, primary_key=True),
    Column("serial", AnyText, nullable=False, unique=True),  # what docks send as the device
    Column("class", Words(20), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("maker", AnyText),
    Column("model", AnyText),
    Column("firmware", AnyText),
    Column("capacity_mib", BigInteger),
    Column("service_until", Day),
    Column("registered_at", Time, nullable=False),
    Column("retired_at", Time),
    Column("retired_by", Words(32)),
    Column("retired_why", AnyText),
    Column("wiped", AnyText),
)

device_check = Table(
    "device_check",
    metadata,
    Column("id", Id, primary_key=True),
    Column("device_id", Id, ForeignKey("device.id"), nullable=False, index=True),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("battery_percent", Integer, nullable=False),
    Column("free_percent", Integer, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
)

device_issue = Table(
    "device_issue",
    metadata,
    Column("id", Id, primary_key=True),
    Column("device_id", Id, ForeignKey("device.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("issued_by", Words(32), nullable=False),
    Column("issued_at", Time, nullable=False),
    Column("override", AnyText),
    Column("returned_by", Id, ForeignKey("person.id")),
    Column("received_by", Words(32)),
    Column("returned_at", Time),
)

device_service = Table(  # a fault or maintenance
    "device_service",
    metadata,
    Column("id", Id, primary_key=True),
    Column("device_id", Id, ForeignKey("device.id"), nullable=False, index=True),
    Column("kind", Words(20), nullable=False),
    Column("note", AnyText, nullable=False),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("outcome", AnyText),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
)
