"""What the readers write down while they read: mutable drafts with the fields of evidence.domain.media.

Plain classes and a JSON writer of its own, because `dataclasses` and `json` alone double the child's start
(measured: 7 ms bare, 23 ms with them). wire.py makes the drafts into facts, and judges their shape, outside.
"""

from __future__ import annotations

MOST_STEPS = 200  # long steps kept per track; a track with more is told by its regularity
MOST_TEXT = 400  # characters kept of any text found in a file


class TrackDraft:
    """One track under examination. Times in seconds; unknown stays None."""

    def __init__(self, number: int, kind: str, codec: str) -> None:
        self.number = number
        self.kind = kind
        self.codec = codec
        self.handler = ""
        self.packets = 0
        self.declared_packets: int | None = None
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.end_s: float | None = None
        self.declared_s: float | None = None
        self.usual_step_s: float | None = None
        self.regular: float | None = None
        self.first_step_s: float | None = None
        self.steps: list[tuple[float, float]] = []
        self.backsteps: list[tuple[float, float]] = []
        self.edits: list[tuple[float, float | None, float]] = []
        self.hidden_s = 0.0
        self.bytes_missing = 0
        self.corrupt: list[tuple[float, float]] = []
        self.parameters: list[str] = []
        self.width: int | None = None
        self.height: int | None = None
        self.sample_rate: int | None = None

    def configured(self, parameters: str) -> None:
        """Note a codec configuration, if it is a new one."""
        if parameters not in self.parameters and len(self.parameters) < 16:
            self.parameters.append(parameters)


class Draft:
    """One file under examination."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.container = "unknown"
        self.tracks: list[TrackDraft] = []
        self.declared_s: float | None = None
        self.brands: list[str] = []
        self.layout: list[str] = []
        self.writers: list[str] = []
        self.device_ids: dict[str, str] = {}
        self.device_texts: dict[str, str] = {}
        self.clocks: list[dict[str, object]] = []
        self.damage: list[dict[str, object]] = []
        self.content_marks: list[str] = []
        self.mark_times: list[float] = []
        self.places: list[tuple[float, float, float]] = []
        self.notes: list[str] = []
        self.bytes_read = 0

    def wrote(self, origin: str, text: str) -> None:
        """Note a text that names what wrote the file or a stream, with where it stood."""
        mark = f"{origin}: {text.strip()[:MOST_TEXT]}"
        if text.strip() and mark not in self.writers and len(self.writers) < 64:
            self.writers.append(mark)

    def clock(self, origin: str, text: str, at_s: float = 0.0, meaning: str = "unknown") -> None:
        """Note one clock reading."""
        if len(self.clocks) < 20_000:
            self.clocks.append({"origin": origin, "text": text[:64], "at_s": at_s, "meaning": meaning})

    def broken(self, kind: str, start_byte: int | None = None, end_byte: int | None = None,
               start_s: float | None = None, **detail: object) -> None:  # fmt: skip
        """Note damage. kind is one of the words of evidence.domain.media.Damage."""
        if len(self.damage) < 200:
            self.damage.append({"kind": kind, "start_byte": start_byte, "end_byte": end_byte,
                                "start_s": start_s, "end_s": None, "detail": detail})  # fmt: skip

    @property
    def readable(self) -> bool:
        """Tell whether a time line (or a picture) was established for at least one track."""
        return any(track.packets > 0 for track in self.tracks)

    def as_json(self) -> dict[str, object]:
        """Return the draft as JSON values, ready for wire.facts_from_json."""
        ends = [t.end_s for t in self.tracks if t.end_s is not None and t.kind in ("video", "audio")]
        body = dict(vars(self))
        body["tracks"] = [vars(track) for track in self.tracks]
        body["readable"] = self.readable
        starts = [t.first_s for t in self.tracks if t.first_s is not None and t.kind in ("video", "audio")]
        # a transport stream starts anywhere; a file with a time line of its own starts at 0
        body["duration_s"] = max(ends) - max(0.0, min(starts)) if ends and starts else None
        return body


def to_json(value: object) -> str:
    """Return JSON (RFC 8259, ASCII only) of dicts, lists, tuples, texts, numbers, booleans and None.

    Raises: TypeError for anything else; not-a-number and infinity become null.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _text_to_json(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if abs(value) < float("inf") else "null"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(to_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(str(k))}:{to_json(v)}" for k, v in value.items()) + "}"
    raise TypeError(type(value).__name__)


def _text_to_json(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    from _json import encode_basestring_ascii

    return encode_basestring_ascii(text)
