"""A small real detector: follows the bright thing that begins in each box, picture by picture, in a film.

Run by the sandbox as docs/formats/region-detector.md says: `track.py FILM QUESTION`. Needs ffmpeg and nothing
else. Where the question names no box it proposes nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys

RATE, BRIGHT = 5, 160


def size_of(film: str) -> tuple[int, int]:
    """Return width and height."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height"]
    told = subprocess.run([*command, "-of", "csv=p=0", film], check=True, capture_output=True).stdout
    width, height = told.split()[0].split(b",")[:2]
    return int(width), int(height)


def main(film: str, question: str) -> None:
    """Answer one question."""
    with open(question, encoding="utf-8") as file:
        asked = json.load(file)
    width, height = size_of(film)
    length = asked["to_s"] - asked["from_s"]
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-ss",
        str(asked["from_s"]),
        "-i",
        film,
        "-t",
        str(length),
    ]
    raw = subprocess.run(
        [*command, "-vf", f"fps={RATE}", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    regions = []
    for start in asked["boxes"]:
        boxes, at = [], dict(start)
        for number in range(len(raw) // (width * height)):
            seconds = asked["from_s"] + number / RATE
            if seconds < start["at_s"]:
                continue
            picture = raw[number * width * height : (number + 1) * width * height]
            seen = bounds(picture, width, height, at)
            if seen is None:
                break
            at = {"at_s": round(seconds, 3), **seen}
            boxes.append(at)
        if boxes:
            until = min(asked["to_s"], boxes[-1]["at_s"] + 1 / RATE)
            regions.append({"boxes": boxes, "until_s": round(until, 3)})
    print(json.dumps({"regions": regions}))


def bounds(picture: bytes, width: int, height: int, near: dict[str, float]) -> dict[str, int] | None:
    """Return the box around what is bright near a box, None where nothing is."""
    left, top = max(0, int(near["x"] - near["width"])), max(0, int(near["y"] - near["height"]))
    right = min(width, int(near["x"] + 2 * near["width"]))
    bottom = min(height, int(near["y"] + 2 * near["height"]))
    points = [
        (x, y) for y in range(top, bottom) for x in range(left, right) if picture[y * width + x] >= BRIGHT
    ]
    if not points:
        return None
    across, down = [x for x, _ in points], [y for _, y in points]
    x, y = min(across), min(down)
    return {"x": x, "y": y, "width": max(across) - x + 1, "height": max(down) - y + 1}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
