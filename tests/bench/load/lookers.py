"""People who search, for L8: each asks for a page, reads it, and asks for another. Arguments: port, token,
people, seconds of reading, seconds in all. Prints the seconds each page took, and our own processor's.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time

from evidence.web.deps import COOKIE
from tests.bench.load.senders import Line
from tests.bench.pages import PAGES

SEARCHES = [address for name, address in PAGES.items() if name.startswith("search")]


def look(port: int, token: str, think_s: float, until: float, took: list[float]) -> None:
    """Look for a while."""
    line, mine = Line(port), random.Random(threading.get_ident())  # noqa: S311 (no secret)
    time.sleep(mine.random() * think_s)
    while time.monotonic() < until:
        path, began = mine.choice(SEARCHES)(), time.monotonic()
        head = f"GET {path} HTTP/1.1\r\nCookie: {COOKIE}={token}\r\nAccept: text/html\r\n"
        status, _, body = line.ask(head)
        took.append(time.monotonic() - began)
        assert status == 200, (path, status, body[:200])
        time.sleep(think_s * (0.5 + mine.random()))


def main(words: list[str]) -> None:
    """Let all look, and print what they waited."""
    port, token, people, think_s, seconds = words
    took, until = list[float](), time.monotonic() + float(seconds)
    asked = (int(port), token, float(think_s), until, took)
    threads = [threading.Thread(target=look, args=asked) for _ in range(int(people))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(json.dumps({"took": took, "worked": time.process_time()}))


if __name__ == "__main__":
    main(sys.argv[1:])
