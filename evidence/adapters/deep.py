"""Deep examination: one decoding pass over the whole file for black, frozen and silent stretches and damage.

ffmpeg-python builds the argument list, ffmpeg runs in the sandbox with low priority; only where it reports
errors a second, slower pass says in which seconds (decoding.py). The payload scan of the index readers
looks for holes of zeros that decoders paper over. What the stretches mean is judged in domain/pictures.py.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import ffmpeg

import evidence
from evidence.adapters.collecting import SandboxResult
from evidence.adapters.probing import scan_payload
from evidence.adapters.sandbox import inside, run_sandboxed
from evidence.domain.media import MediaFacts
from evidence.domain.pictures import NOTED_S, DeepFacts, Stretch

_FORMATS = "mov,avi,mpegts,matroska,wav,mp3,amr,amrnb,amrwb"  # never a playlist or a list of other files
_LEAST_S, _SHORTEST_S = NOTED_S, 0.1  # shortest stretches asked for; a re-encoded freeze comes in pieces
_BLACK_PIXEL, _BLACK_SHARE = 0.07, 0.98  # 16 of 255 is still black where a full range is used
_STILL = 0.0003  # mean difference of two pictures, of full scale: sensor noise is above 0.003
_SILENCE = "-80dB"  # below the last bit of dithered 16-bit sound: digital silence only
_MEMORY_BYTES = 2 << 30
_LOG_BYTES = 16 << 20
_NICENESS = 10
_START_UP_S, _SLOWEST, _BYTES_PER_S = 60.0, 6.0, 1 << 20  # decoding may take 6 times the playing time

_BLACK = re.compile(r"black_start:(\S+) black_end:(\S+)")
_FREEZE = re.compile(r"freezedetect\.freeze_(start|end): (\S+)")
_SILENT = re.compile(r"silence_(start|end): (\S+)")
_ERROR = re.compile(r"\[(?:error|fatal|panic)\]")
_OWN = re.compile(r"^\[(?:null|out#|aost|vost)")  # the null output's remarks on time stamps


def examine_deep(path: Path, facts: MediaFacts) -> DeepFacts:
    """Decode the file at `path`, whose index gave `facts`. Never raises for bad media.

    Raises: FileNotFoundError when the file is not there; Unavailable when the machine has no sandbox or no
    ffmpeg.
    """
    if not facts.readable or not (facts.of_kind("video") or facts.of_kind("audio")):
        return DeepFacts()  # told as unreadable, or a still picture: nothing runs in time
    timeout_s = _START_UP_S + _SLOWEST * _believable_length(facts) + facts.size_bytes / _BYTES_PER_S
    result = run_sandboxed(
        arguments(facts),
        inputs=[path],
        timeout_s=timeout_s,
        memory_bytes=_MEMORY_BYTES,
        output_bytes=_LOG_BYTES,
        niceness=_NICENESS,
    )
    log = result.stderr.decode("utf-8", "replace")
    lines = log.splitlines()
    errors = [line for line in lines if _ERROR.search(line) and not _OWN.match(line)]
    broken, unfinished = _locate(path, timeout_s) if errors else ((), "")
    end_s = facts.duration_s or 0.0
    return DeepFacts(
        black=tuple(Stretch(float(a), float(b)) for a, b in _BLACK.findall(log)),
        frozen=_stretches(_FREEZE, lines, end_s),
        silent=_stretches(_SILENT, lines, end_s),
        broken=broken,
        damage=scan_payload(path, facts),
        grumbles=len(errors),
        grumble=_without_address(errors[0]) if errors else "",
        unfinished=_why_unfinished(result) or unfinished,
    )


def arguments(facts: MediaFacts) -> list[str]:
    """Return the call of ffmpeg: one input, the filters for its first video and audio track, no output
    file."""
    source = ffmpeg.input(  # type: ignore[no-untyped-call]
        inside(), hide_banner=None, nostdin=None, nostats=None, copyts=None, loglevel="repeat+level+info",
        threads=2, protocol_whitelist="file", format_whitelist=_FORMATS,
    )  # fmt: skip
    streams = []
    if facts.of_kind("video"):
        video = source["v:0"].filter("blackdetect", d=_LEAST_S, pix_th=_BLACK_PIXEL, pic_th=_BLACK_SHARE)
        streams.append(video.filter("freezedetect", n=_STILL, d=_SHORTEST_S))
    if facts.of_kind("audio"):
        streams.append(source["a:0"].filter("silencedetect", n=_SILENCE, d=_LEAST_S))
    command: list[str] = ffmpeg.output(*streams, "-", format="null", fps_mode="passthrough").compile()
    return command


def _believable_length(facts: MediaFacts) -> float:
    length = facts.duration_s or 0.0
    return min(length, 24 * 3600.0) if math.isfinite(length) and length > 0 else 0.0


def _stretches(form: re.Pattern[str], lines: list[str], end_s: float) -> tuple[Stretch, ...]:
    """Pair the starts and ends that a filter logged; one that never ended lasts to the end of the file."""
    found: list[Stretch] = []
    start: float | None = None
    for line in lines:
        for which, text in form.findall(line):
            second = float(text)
            if which == "start":
                start = second
            elif start is not None:
                found.append(Stretch(start, second))
                start = None
    if start is not None and end_s > start:
        found.append(Stretch(start, end_s))
    return tuple(found)


def _without_address(line: str) -> str:
    return re.sub(r" @ 0x[0-9a-f]+", "", line)[:200]


def _why_unfinished(result: SandboxResult) -> str:
    if result.timed_out:
        return "out-of-time"
    if result.cut_off:
        return "too-many-messages"
    return "" if result.returncode == 0 else f"decoder-ended-{result.returncode}"


def _locate(path: Path, timeout_s: float) -> tuple[tuple[tuple[str, Stretch], ...], str]:
    """Return the stretches that cannot be decoded, and why the search did not end ("" when it did)."""
    root = str(Path(evidence.__file__).parents[1])
    program = f"import sys; sys.path.insert(0, {root!r}); from evidence.adapters.decoding import main; main()"
    result = run_sandboxed(
        [sys.executable, "-I", "-c", program, inside()],
        inputs=[path],
        timeout_s=timeout_s * 4,  # one thread
        memory_bytes=_MEMORY_BYTES,
        output_bytes=_LOG_BYTES,
        niceness=_NICENESS,
    )
    why = _why_unfinished(result)
    if why:
        return (), why
    return tuple((kind, Stretch(start, end)) for kind, start, end in json.loads(result.stdout)), ""
