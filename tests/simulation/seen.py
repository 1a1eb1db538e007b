"""What rules say of a camera-day, as plain values: from the product's rules and from brute force alike."""

from __future__ import annotations

from typing import NamedTuple

from tests.simulation.population import FILE_S


class Seen(NamedTuple):
    """states: (file number, how it stands to the deadline, late by so many seconds), of stored files.
    notices: (second, file number, state) at each hour at which the state of a missing file is another than
    the hour before. interruptions: (code, number of the file before, seconds or files). to_explain: (code,
    file number). keeps: (file number, what keeps it, until which second; -1: no end). due: (file number, day
    from which on it may be destroyed), of those that are free before the simulation ends."""

    states: tuple[tuple[int, str, int], ...] = ()
    notices: tuple[tuple[int, int, str], ...] = ()
    interruptions: tuple[tuple[str, int, int], ...] = ()
    to_explain: tuple[tuple[str, int], ...] = ()
    keeps: tuple[tuple[int, str, int], ...] = ()
    due: tuple[tuple[int, int], ...] = ()


def as_one(gap_s: int) -> int:
    """Return the length of a gap, of what is told as one. Clocks in names are cut to seconds: up to three
    whole files within a second of it are the simpler reason and are said, where the clocks of the files
    around it narrow it no further (domain/joints.py). So both sides count those as whole files.
    """
    whole = round(gap_s / FILE_S) * FILE_S
    return whole if FILE_S <= whole <= 3 * FILE_S and abs(gap_s - whole) <= 1 else gap_s
