"""A real browser plays a proxy, and jumps in it, where it cannot play the original."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.web.streams import read_range
from tests.clips import HEIGHT, WIDTH, clip
from tests.derivative_room import DerivativeRoom
from tests.journeys.browser import a_page

HERE = "http://evidence.example"
PLAY = """async (address) => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const begun = new Promise((done) => {
    video.onerror = () => done("error");
    video.oncanplay = () => done("plays");
  });
  video.src = address;
  const found = await begun;
  if (found !== "plays" || !video.videoWidth) return {found: "no picture"};
  const there = new Promise((done) => { video.onseeked = done; });
  video.currentTime = 1.5;
  await there;
  const size = [video.videoWidth, video.videoHeight];
  return {found, at: video.currentTime, size, length: video.duration};
}"""


@pytest.mark.parametrize("kind", ["avi", "ts"])
def test_chromium_plays_and_seeks_in_the_proxy_of_what_it_cannot_play(tmp_path: Path, kind: str) -> None:
    room = DerivativeRoom(tmp_path)
    proxy = room.bytes_of(room.proxy(room.film(kind)))
    files = {"original": (clip(kind), "video/x-msvideo"), "proxy": (proxy, "video/mp4")}
    with a_page() as page:

        def answer(route: Any) -> None:
            name = route.request.url.rsplit("/", 1)[-1]
            body, type_ = files.get(name, (b"<title>player</title>", "text/html"))
            start, end = read_range(route.request.headers.get("range"), len(body)) or (0, len(body))
            part = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
            headers = {"Content-Type": type_, **part}
            route.fulfill(status=206, body=body[start:end], headers=headers)

        page.route(f"{HERE}/**", answer)
        page.goto(f"{HERE}/page")
        assert page.evaluate(PLAY, f"{HERE}/original") == {"found": "no picture"}
        found = page.evaluate(PLAY, f"{HERE}/proxy")
    assert (found["found"], found["size"]) == ("plays", [WIDTH, HEIGHT])
    assert found["at"] == pytest.approx(1.5, abs=0.05)
    assert found["length"] == pytest.approx(3.0, abs=0.1)
