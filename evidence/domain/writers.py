"""What wrote a file: marks of software that is not a recorder, and makers that contradict the container.

A mark proves that a program was there, not what it did; its absence proves nothing (a bit-exact copy leaves
none). libavformat inside a transport stream is no mark: camera firmware uses it too (a REXING dashcam does).
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import MediaFacts
from evidence.policy.rules import Pack, cite_ids

REWRITERS = (
    "lavf", "mkvmerge", "handbrake", "mencoder", "vlc", "premiere", "adobe", "after effects", "final cut",
    "imovie", "davinci", "vegas", "google", "youtube", "gpac", "mp4box", "l-smash", "gstreamer", "exiftool",
    "virtualdub", "avidemux", "movavi", "filmora", "wondershare", "capcut", "jianying", "剪映", "kdenlive",
    "shotcut", "openshot", "cyberlink", "powerdirector", "camtasia", "movie maker", "format factory",
    "formatfactory", "格式工厂", "bandicam", "obs studio", "photoshop", "lightroom", "gimp", "snapseed",
    "paint.net", "imagemagick", "quicktime player", "untrunc", "recover", "audacity", "lame", "kinemaster",
    "inshot", "vn video", "edius", "avid", "corel", "ulead", "magix", "pinnacle", "nero", "losslesscut",
    "bento4", "mp4v2", "isomedia", "nandub", "xmedia",
)  # fmt: skip
ENCODERS = ("x264", "x265", "handbrake", "lavc")  # named in the stream itself
EXPORTERS = ("core media",)  # the operating system's own writer: of the camera app as of every export
SILENT_ORIGINS = ("service", "compressor", "com.android.version", "com.apple.quicktime.software")
LIBAVFORMAT_BRANDS = ("ftyp: isom/512", "ftyp: qt/512")  # cameras and QuickTime write other versions


def software_marks(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find marks of software other than a recorder, as one finding with all marks in its detail."""
    rewritten, exported, written_alike = [], [], []
    for mark in facts.writers:
        origin, _, text = mark.partition(": ")
        if mark in LIBAVFORMAT_BRANDS:
            written_alike.append(mark)
        elif origin in SILENT_ORIGINS:
            continue
        elif _is_rewriter(facts, origin, text.casefold()):
            rewritten.append(mark)
        elif origin == "handler" and any(name in text.casefold() for name in EXPORTERS):
            exported.append(mark)
    marks = rewritten or exported or written_alike
    if not marks:
        return
    serious = bool(rewritten)
    manner = "rewritten" if rewritten else "exported" if exported else "written-alike"
    yield Finding(
        Code.EDITED_BY_SOFTWARE, Severity.ATTENTION if serious else Severity.INFO, facts.name,
        measured=marks[0].partition(": ")[2], cites=cite_ids(pack.no_editing.cites) if serious else (),
        detail={"manner": manner, "marks": [*rewritten, *exported, *written_alike]},
    )  # fmt: skip


def _is_rewriter(facts: MediaFacts, origin: str, text: str) -> bool:
    if origin == "stream":
        # in a transport stream libavcodec may be the camera's own encoder; x264 and x265 are no camera's
        names = ENCODERS[:3] if facts.container == "mpegts" else ENCODERS
        return any(name in text for name in names)
    return any(name in text for name in REWRITERS) or text.startswith("lavc")


def contradicting_makers(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find handlers that one maker's recorder writes, in a container that this recorder does not write."""
    handlers = {track.handler for track in facts.tracks if track.handler}
    alike = any(mark in facts.writers for mark in LIBAVFORMAT_BRANDS)
    contradictions = []
    if any(name.startswith("GoPro") for name in handlers) and "firmware" not in facts.device_texts:
        contradictions.append("GoPro handlers without GoPro firmware box")
    if alike and any(name.startswith(("GoPro", "Core Media", "Apple")) for name in handlers):
        contradictions.append("maker's handlers under libavformat's brands")
    if (
        handlers & {"VideoHandle", "SoundHandle"} and "iso2" in facts.brands
    ):  # Android's muxer never writes iso2
        contradictions.append("Android's handlers under other brands")
    if contradictions:
        yield Finding(
            Code.METADATA_CONTRADICTS, Severity.ATTENTION, facts.name, measured=",".join(facts.brands),
            cites=cite_ids(pack.no_editing.cites),
            detail={"handlers": sorted(handlers), "contradictions": contradictions},
        )  # fmt: skip
