"""Small footage made in memory, and a clock that stands still between the moves of a test."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from evidence.policy.rules import Pack, cite_ids
from evidence.policy.sets import PolicySet
from tests.builders import HandClock, SmallSite


@dataclass
class StillClock(HandClock):
    """A clock that takes no time to read, for what must happen at an exact moment."""

    def now(self) -> datetime:
        """Return the time on the clock."""
        return self.time


@cache
def a_wav(seconds: int, rate: int = 8000) -> bytes:
    """Return a sound recording of whole seconds, without any clock in it; its samples do not repeat."""
    body = io.BytesIO()
    with wave.open(body, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join((n * 40_503 % 65_521).to_bytes(2, "little") for n in range(seconds * rate)))
    return body.getvalue()


def with_new_version(small: SmallSite, since: date, within: timedelta) -> SmallSite:
    """Give the site a second version of its pack, in force from a day on, with another upload deadline."""
    old: Pack = small.site.policies.latest
    new = replace(
        old,
        version="next",
        in_force_from=since,
        upload_deadline=replace(old.upload_deadline, within=within),
        no_editing=replace(old.no_editing, cites=old.upload_deadline.cites),
    )
    assert cite_ids(new.no_editing.cites) != cite_ids(old.no_editing.cites)
    site = replace(small.site, policies=PolicySet((replace(old, in_force_to=since), new)))
    small.site = site
    small.uploads, small.cards = replace(small.uploads, site=site), replace(small.cards, site=site)
    small.recordings = replace(small.recordings, site=site)
    small.work = replace(small.work, site=site, uploads=small.uploads)
    return small
