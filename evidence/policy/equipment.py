"""What a pack says of recording equipment: its classes, the check before a shift, keeping, retirement, need.

Each may be absent from a pack; then the union decides (`equipment_of`), as with faults. Form:
docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack

    Cites = Callable[[Table], tuple[Citation, ...]]

Rule = TypeVar("Rule")


class DeviceClass(StrEnum):
    """What a recording device is (Dazhe 2020 art. 2, Longquan art. 2)."""

    CCTV = "cctv"  # 视频监控
    STILL_CAMERA = "still-camera"  # 照相机
    CAMCORDER = "camcorder"  # 录像机、摄像机
    VOICE_RECORDER = "voice-recorder"  # 录音笔、录音机
    BODY_CAMERA = "body-camera"  # 执法记录仪
    HANDHELD = "handheld"  # 手持终端机
    STORAGE = "storage"  # 采集存储和分析系统设备


CARRIED = frozenset(DeviceClass) - {DeviceClass.CCTV, DeviceClass.STORAGE}
"""What is issued to a person; all else stands where it is."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of devices (values of DeviceClass) that the register knows."""

    words: tuple[str, ...]
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class PreShiftCheck:
    """A device is issued at most `within` after a check in which it had this much battery and space."""

    within: timedelta
    least_battery_percent: int
    least_free_percent: int
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Articles:
    """A duty that is all in its articles."""

    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """A unit needs a recorder for each so many officers."""

    officers_per_recorder: int
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Equipment:
    """The rules about equipment; None where a pack says nothing.

    keeping: a named person of each unit keeps the devices. retirement: obsolete ones are retired. lending:
    what is issued is not handed on.
    """

    classes: Classes | None = None
    check: PreShiftCheck | None = None
    keeping: Articles | None = None
    retirement: Articles | None = None
    lending: Articles | None = None
    need: Need | None = None


def read_equipment(top: Table, cites: Cites) -> Equipment:
    """Read the tables about equipment. Raises: PolicyError."""
    return Equipment(
        _read(top, "device_classes", lambda one: Classes(one.choices("classes", DeviceClass), cites(one))),
        _read(top, "pre_shift_check", lambda one: _check(one, cites)),
        _read(top, "device_keeping", lambda one: Articles(cites(one))),
        _read(top, "device_retirement", lambda one: Articles(cites(one))),
        _read(top, "device_lending", lambda one: Articles(cites(one))),
        _read(top, "device_need", lambda one: Need(one.whole("officers_per_recorder", 1, 1000), cites(one))),
    )


def _check(table: Table, cites: Cites) -> PreShiftCheck:
    return PreShiftCheck(
        timedelta(hours=table.number("within_h", 1 / 60, 24 * 366)),
        table.whole("least_battery_percent", 0, 100),
        table.whole("least_free_percent", 0, 100),
        cites(table),
    )


def _read(top: Table, name: str, read: Callable[[Table], Rule]) -> Rule | None:
    if name not in top:
        return None
    table = top.table(name)
    rule = read(table)
    table.close()
    return rule


def equipment_of(pack: Pack, strictest: Pack) -> Equipment:
    """Return the rules about equipment: each the pack's, else the union's."""
    ours, union = pack.equipment, strictest.equipment
    return Equipment(*(getattr(ours, one.name) or getattr(union, one.name) for one in fields(Equipment)))
