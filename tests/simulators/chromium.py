"""A real browser without a window, driven over its debugging pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium")


class Tab:
    """One tab."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers, self._number, self._rest = commands, answers, 0, b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method: str, **given: Any) -> Any:
        """Call a method and return its result."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": given}
        if session := getattr(self, "_session", None):
            asked["sessionId"] = session
        os.write(self._commands, json.dumps(asked).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                self._rest += os.read(self._answers, 1 << 16)
            one, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(one)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, script: str) -> Any:
        """Run a script in the page, as its tester and not as part of it."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def open(self, address: str) -> None:
        """Open an address."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState == 'complete'")

    def send(self, form: str, **values: str) -> None:
        """Fill a form of the page, named by its action, and press its button."""
        fill = ";".join(f"f.elements[{json.dumps(k)}].value={json.dumps(v)}" for k, v in values.items())
        self.run(
            f"window.leaving = true; var f = document.querySelector('form[action=\"{form}\"]'); {fill}; 0"
        )
        self.run("f.querySelector('button').click()")
        self.wait("!window.leaving && document.readyState == 'complete'")

    def wait(self, condition: str) -> None:
        """Wait until something holds in the page."""
        deadline = time.monotonic() + 60
        while self.run(condition) is not True:
            assert time.monotonic() < deadline, self.run("document.body.innerText")
            time.sleep(0.05)


@contextmanager
def browsing(profile: Path) -> Iterator[Tab]:
    """Run a browser with a profile of its own."""
    assert BROWSER is not None
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    words = (
        f"exec {BROWSER} --headless=new --no-sandbox --disable-gpu --remote-debugging-pipe"
        f" --user-data-dir={profile} 3<&{theirs_in} 4>&{theirs_out}"
    )
    log = (profile.parent / "browser.log").open("wb")
    process = subprocess.Popen(
        ["bash", "-c", words], pass_fds=(theirs_in, theirs_out), stdout=log, stderr=log
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Tab(ours_out, ours_in)
    finally:
        process.terminate()
        process.wait(timeout=30)
        for end in (ours_in, ours_out):
            os.close(end)
        log.close()
