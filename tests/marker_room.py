"""A room with recordings of real sound: files of one recorder whose names tell when each was made, so that
interruptions between them are found as in life.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.adapters.listening import SandboxedListener, SpeechEngine
from evidence.domain.access import Caller
from evidence.domain.markers import Marker
from evidence.domain.rights import Role
from evidence.policy.check_points import MarkerKind
from evidence.service.cases.marker_lists import MarkerLists
from evidence.service.cases.markers import Markers
from evidence.service.recordings.labelling import Labelling
from tests.builders import an_origin
from tests.gap_room import GapRoom
from tests.people_room import OPERATOR, Room
from tests.speech import noise, silence, speech, wav

DEVICE = "DSJX9A00123"
BEGAN = datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - as the recorder's clock shows it
PHRASE = "为保护您的合法权益，监督我们的执法行为，本次执法全程录音录像。"
EVIDENCE = {"category": "行政检查", "stage": "调查取证"}
# Ten seconds each.
SPOKEN = (*silence(2), *speech(5), *silence(3))
QUIET = noise(10)


@dataclass
class MarkerRoom(Room):
    """A wearer, a custodian and a head; files of the wearer's recorder."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.wearer = self.new(Role.FIELD_OFFICER)
        self.custodian = self.new(Role.CUSTODIAN)
        self.head = self.new(Role.UNIT_HEAD)
        self._numbers_of_files = iter(range(1, 1000))

    def sound(
        self, samples: Sequence[float], after: timedelta = timedelta(), wearer: str | None = None
    ) -> str:
        """Seal ten seconds that began a while after the first file; return the id."""
        number = next(self._numbers_of_files)
        name = f"{DEVICE}_012345_{BEGAN + after:%Y%m%d%H%M%S}_{number:04d}.wav"
        body = wav(self.small.folder / "sound.wav", samples).read_bytes()
        origin = an_origin(name, wearer=wearer or self.wearer.name, size_bytes=len(body))
        return self.small.send(origin, body).id

    def interrupted(self, samples: Sequence[float] = SPOKEN) -> tuple[str, str]:
        """Seal two files 41 seconds apart, of which the second holds this; do all jobs."""
        first, after = self.sound(QUIET), self.sound(samples, timedelta(seconds=51))
        self.small.do_jobs()
        return first, after

    def label(self, recording: str, **labels: str) -> None:
        """Label a recording."""
        Labelling(self.site).give(OPERATOR, [recording], labels)

    def pin(
        self, recording: str, kind: MarkerKind = MarkerKind.NOTICE_GIVEN, caller: Caller | None = None
    ) -> Marker:
        """Pin a check-point to seconds 1 to 4."""
        return self.desk.pin(caller or self.wearer, recording, kind, 1000, 4000)

    def markers(self, recording: str, caller: Caller = OPERATOR) -> Sequence[Marker]:
        """Return all check-points of a recording."""
        return self.desk.of(caller, recording).markers

    def findings(self, recording: str) -> list[tuple[str, object]]:
        """Return code and measure of what was found by listening."""
        with self.small.database.reading() as unit:
            found = unit.examinations.current(recording)
        return [
            (str(one.body["code"]), one.body["measured"])
            for one in found
            if "restart" in str(one.body["code"])
        ]

    def engine(self, program: str) -> None:
        """Set up a speech-to-text engine: a Python program that is told the sound's path."""
        folder = self.small.folder / "engine"
        folder.mkdir(exist_ok=True)
        script = folder / "engine.py"
        script.write_text(program, "utf-8")
        script.chmod(script.stat().st_mode | stat.S_IROTH)
        folder.chmod(0o755)
        command = f"{sys.executable} -I {{engine}}/engine.py {{audio}}"
        speech_engine = SpeechEngine("engine 1.0", command, folder)
        listener = SandboxedListener(self.small.folder / "scratch", speech_engine)
        self.small.site = replace(self.small.site, listener=listener)
        self.small.work = replace(self.small.work, site=self.small.site)

    @property
    def desk(self) -> Markers:
        """The desk for check-points."""
        return Markers(self.site)

    @property
    def lists(self) -> MarkerLists:
        """The desk for what must be there."""
        return MarkerLists(self.site)


def gaps_of(room: MarkerRoom) -> GapRoom:
    """Return the same site as a room with a gap report."""
    found = object.__new__(GapRoom)
    found.small = room.small
    return found


def utterances(*said: tuple[float, float, str]) -> str:
    """Return an engine that says this, whatever it hears; and proves that it was given sound."""
    return (
        "import json, sys, wave\n"
        "from pathlib import Path\n"
        "head = Path(sys.argv[1]).read_bytes()[:44]\n"
        "assert head[:4] == b'RIFF' and int.from_bytes(head[24:28], 'little') == 16000\n"
        f"for start, end, text in {list(said)!r}:\n"
        "    print(json.dumps({'from_s': start, 'to_s': end, 'text': text}))\n"
    )
