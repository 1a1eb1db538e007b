"""Viewers of one recording, for bench pages: each asks for a range once a second; prints the seconds to each
first byte as JSON. Arguments: port, token, recording, viewers, seconds, size in bytes.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time

from evidence.web.deps import COOKIE

EVERY_S, RANGE = 1.0, 1 << 20


def watch(port: int, token: str, path: str, seconds: float, size: int, took: list[float]) -> None:
    """Watch for a while, from places of one's own."""
    end, place = time.monotonic() + seconds, random.Random(threading.get_ident())  # noqa: S311 (no secret)
    time.sleep(place.random() * EVERY_S)
    line = http.client.HTTPConnection("localhost", port, timeout=60)
    while time.monotonic() < end:
        start = place.randrange(size - RANGE)
        began = time.perf_counter()
        headers = {"Cookie": f"{COOKIE}={token}", "Range": f"bytes={start}-{start + RANGE - 1}"}
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        assert answer.status == 206, answer.status
        answer.read(1)
        waited = time.perf_counter() - began
        took.append(waited)
        answer.read()
        time.sleep(max(0.0, EVERY_S - (time.perf_counter() - began)))


def main(words: list[str]) -> None:
    """Run all viewers, and print what they waited."""
    port, token, recording, viewers, seconds, size = words
    path, took = f"/api/v1/recordings/{recording}/play?purpose=case", list[float]()
    asked = (int(port), token, path, float(seconds), int(size), took)
    threads = [threading.Thread(target=watch, args=asked) for _ in range(int(viewers))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1:])
