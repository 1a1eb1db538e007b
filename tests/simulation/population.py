"""What the population does: plans of shifts, and who follows which, docks when, and what goes wrong.

All times are whole seconds since EPOCH, midnight of the first day where the cameras are. A camera-day is
drawn from few values on purpose: those that are alike in all that a rule is told (everything but the names
of recorder and wearer) are counted and judged once. That is exact, and it keeps memory the same for any
number of cameras.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from random import Random
from typing import NamedTuple

EPOCH = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # midnight of 2 March in Shanghai
MINUTE, HOUR, DAY = 60, 3600, 86_400
SHIFTS = ((8 * HOUR, 16 * HOUR), (20 * HOUR, 28 * HOUR))  # by day, and by night into the next one
UNIT = 50  # cameras of one unit; they share a dock
PLANS = 16  # of each shift of each day
SLOTS = 6  # a unit's cards come one after the other within the hour after the shift
FILE_S, SHORTEST_S = 300, 60  # a recorder begins a new file every five minutes


class Dock(StrEnum):
    """When the card was docked, seen from the end of the shift."""

    IN_TIME = "in-time"
    KEPT = "kept"  # the wearer kept it until the end of the next shift, or of the one after it
    DOWN = "dock-down"  # the dock was down for hours
    NEVER = "never"  # card and recorder are gone: no dock ever saw it


class Harm(StrEnum):
    """What else went wrong on a camera-day."""

    NONE = "none"
    LOST_FILE = "lost-file"  # one file is not on the card
    PAUSE = "pause"  # recording stopped within an activity, and went on
    UNSENT = "unsent"  # the card was announced and pulled out: its last files come a day later
    CLOCK_SLOW = "clock-slow"  # by a minute and a half, measured at the dock
    CLOCK_FAR_OFF = "clock-far-off"  # by ten minutes, measured and confirmed
    CLOCK_RESET = "clock-reset"  # it counts from the year 2000, and nobody measured it
    CLOCK_AHEAD = "clock-ahead"  # by two hours, and nobody measured it
    UNLABELLED = "unlabelled"  # a required label is missing
    HELD = "held"  # a hold without an end


HARMS = (
    (Harm.LOST_FILE, 0.004), (Harm.PAUSE, 0.02), (Harm.UNSENT, 0.005), (Harm.CLOCK_SLOW, 0.05),
    (Harm.CLOCK_FAR_OFF, 0.004), (Harm.CLOCK_RESET, 0.003), (Harm.CLOCK_AHEAD, 0.002),
    (Harm.UNLABELLED, 0.03), (Harm.HELD, 0.005),
)  # fmt: skip
KEPT, NEVER, DOWN = 0.012, 0.0002, 0.01  # shares of camera-days; the last of unit-days
DOWN_HOURS = (2, 5, 12, 26)
UNSENT, CLOCK_S = 3, {Harm.CLOCK_SLOW: -90, Harm.CLOCK_FAR_OFF: -600, Harm.CLOCK_AHEAD: 7200}


class Plan(NamedTuple):
    """A shift's recording: files as (begins, length), in order; weak: the file that may be lost, or behind
    which recording may stop, is never the first or the last of its activity."""

    files: tuple[tuple[int, int], ...]
    weak: int
    pause_s: int


class CameraDay(NamedTuple):
    """All that a rule may be told of a camera's shift, but the names of recorder and wearer."""

    day: int
    shift: int
    plan: int
    docked: int
    dock: Dock
    harm: Harm


@cache
def plan_of(seed: int, day: int, shift: int, number: int) -> Plan:
    """Make a plan: two to four activities of three to six files each, the last of each cut short."""
    lot = Random(f"{seed}/plan/{day}/{shift}/{number}")
    first, last = SHIFTS[shift]
    count = lot.randint(2, 4)
    room = (last - first) // count
    files, ends = list[tuple[int, int]](), list[int]()
    for activity in range(count):
        begins = day * DAY + first + activity * room + lot.randint(0, room // 3)
        for left in reversed(range(lot.randint(3, 6))):
            length = FILE_S if left else lot.randint(SHORTEST_S, FILE_S)
            files.append((begins, length))
            begins += length
        ends.append(len(files))
    weak = lot.choice([at for at in range(1, len(files)) if at not in ends and at + 1 not in ends])
    return Plan(tuple(files), weak, lot.randint(20, 25 * MINUTE))


def draw(seed: int, day: int, first: int, last: int) -> Counter[CameraDay]:
    """Return how many of the cameras first..last - 1 (whole units) do what on a day."""
    drawn: Counter[CameraDay] = Counter()
    for unit in range(first // UNIT, -(-last // UNIT)):
        lot = Random(f"{seed}/unit/{day}/{unit}")
        down = [lot.choice(DOWN_HOURS) * HOUR if lot.random() < DOWN else 0 for _ in SHIFTS]
        for camera in range(max(first, unit * UNIT), min(last, unit * UNIT + UNIT)):
            shift = int(camera % 3 == 2)  # one in three works by night
            drawn[_camera_day(lot, day, shift, down[shift])] += 1
    return drawn


def _camera_day(lot: Random, day: int, shift: int, down: int) -> CameraDay:
    slot = int(lot.random() * SLOTS) * HOUR // SLOTS + MINUTE
    docked = day * DAY + SHIFTS[shift][1] + down + slot
    chance, dock = lot.random(), Dock.DOWN if down else Dock.IN_TIME
    if chance < NEVER:
        dock = Dock.NEVER
    elif chance < NEVER + KEPT:
        dock, docked = Dock.KEPT, docked - down + (DAY if chance < NEVER + KEPT / 2 else 2 * DAY)
    return CameraDay(day, shift, int(lot.random() * PLANS), docked, dock, _harm(lot.random()))


def _harm(chance: float) -> Harm:
    for harm, share in HARMS:
        chance -= share
        if chance < 0:
            return harm
    return Harm.NONE


class File(NamedTuple):
    """One file that the card held: its number, when it truly began and how long it is; told: when its
    recorder says that it began; comes: when its last byte is sent, were there no queue."""

    number: int
    begins: int
    length: int
    told: int
    size: int
    comes: int


def files_of(one: CameraDay, plan: Plan, rate: int, line: int) -> tuple[File, ...]:
    """Return the files of a camera-day's card in order. rate: bytes for a second of recording; line: bytes a
    second from the dock."""
    files, sent, later = [], 0, 0
    for number, (begins, length) in enumerate(plan.files, start=1):
        if one.harm is Harm.LOST_FILE and number == plan.weak + 1:
            continue
        if (
            one.harm is Harm.PAUSE
            and number > plan.weak + 1
            and is_same_activity(plan, plan.weak, number - 1)
        ):
            later = plan.pause_s
        else:
            later = 0
        if one.harm is Harm.UNSENT and number == len(plan.files) - UNSENT + 1:
            sent = DAY * line  # the card comes again, a day later
        sent += length * rate
        began = begins + later
        files.append(
            File(number, began, length, _told(one, began), length * rate, one.docked + -(-sent // line))
        )
    return tuple(files)


def is_same_activity(plan: Plan, one: int, other: int) -> bool:
    """Tell whether all files between two places follow each other without a pause."""
    pairs = zip(plan.files[one:other], plan.files[one + 1 : other + 1], strict=True)
    return all(begins + length == after for (begins, length), (after, _) in pairs)


def offset_s(one: CameraDay) -> int:
    """Return what the dock measured: seconds to add to the recorder's clock."""
    return -CLOCK_S[one.harm] if one.harm in (Harm.CLOCK_SLOW, Harm.CLOCK_FAR_OFF) else 0


RESET = int((datetime(1999, 12, 31, 16, 0, tzinfo=UTC) - EPOCH).total_seconds())  # 2000-01-01 in Shanghai


def _told(one: CameraDay, began: int) -> int:
    if one.harm is Harm.CLOCK_RESET:
        return RESET + began - one.day * DAY - SHIFTS[one.shift][0]
    return began + CLOCK_S.get(one.harm, 0)
