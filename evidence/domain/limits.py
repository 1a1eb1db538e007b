"""The numbers by which findings inside one file are judged, each with where it comes from.

The figures were measured on real recorders' files (docs/formats/findings.md lists them): what such files do
by habit must stay `info`. The tolerance of a pack (Continuity.tolerance) is used wherever the law speaks of
one.
"""

from __future__ import annotations

NOTED_S = (
    0.1  # missing time below this is not mentioned: phones drop single pictures (0.10, 0.108 s measured)
)
STEADY_GAP_S = 0.2  # missing time to explain, in a track that otherwise keeps a constant step
STEADY_SHARE = 0.95  # share of equal steps from which a track counts as steady
START_UP_S = 1.0  # recorders stumble in their first second (a hole of 0.599 s at 0.43 s measured)
HELD_S = 2.0  # the first picture may be held this long (1.997 s measured)
FIRST_SOUND_S = 0.5  # the first audio step may be this long (0.176 s measured)
LATE_SOUND_S = 1.0  # audio that starts this much after video must be explained (pre-event buffers are known)
LENGTHS_S = 1.0  # audio and video may end this far apart
DECLARED_S = 1.0  # a header may differ this much from the packets …
DECLARED_SHARE = 0.02  # … and this share of the length, whichever is more
SHIFT_S = 0.02  # an edit list that moves or hides less is nothing: encoder priming, reordering
HIDDEN_S = 1.0  # media hidden by an edit list that must be explained (0.455 s measured on phones)
CLOCK_S = 2.0  # clocks of one file may differ this much, beyond the length of the recording
EXPORT_S = 120.0  # capture date and header date: a phone re-encodes on sharing (17 s measured)
GPS_JUMP_S = 1.5  # satellite time against media time between neighbouring records
NAME_S = 3.0  # name against header, beyond whole quarter hours of zone
MANY = 5  # habits that occur more often than this are told once, with their number
QUARTER_HOUR_S = 900.0  # all time zones in use are multiples of it
