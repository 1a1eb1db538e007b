"""The command: options, exit codes, progress. 0: all passed; 1: something does not agree; 2: called
wrongly.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from typing import List, Optional, Sequence

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.bags import Progress
from evidence.verifier.notes import read_key
from evidence.verifier.steps import FAIL, Asked, examine, examine_bag_only
from evidence.verifier.telling import as_json, fault_text, json_text, safe, text
from evidence.verifier.trust import Trust, read_trust

_EACH_S, _LARGE = 5.0, 1 << 30
_DECLARED, _MOST = "bagit.txt", 10


def main(words: Optional[Sequence[str]] = None) -> int:
    """Examine bags; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter is shown its number
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(words)
    folders: List[str] = options.bags or [_own_bag()]
    try:
        asked = Asked(
            _given_trust(options), _content(options.older), _content(options.growth), _content(options.seal),
            {os.path.basename(os.path.abspath(one)): one for one in folders}, _progress(),
        )  # fmt: skip
    except Wrong as fault:
        print(fault_text(fault), file=sys.stderr)
        return 2
    except OSError as fault:
        print("文件打不开 / cannot be opened: %s" % safe(str(fault)), file=sys.stderr)
        return 2
    told, is_good = [], True
    for folder in folders:
        if not os.path.isdir(folder):
            print("没有此文件夹 / no such folder: %r" % folder, file=sys.stderr)
            return 2
        steps = examine_bag_only(folder, asked.progress) if options.bag_only else examine(folder, asked)
        is_good = is_good and all(step.result != FAIL for step in steps)
        told.append(as_json(folder, steps))
        if not options.json:
            print(text(folder, steps))
        for below in _bags_below(folder):
            said = "这里不是包，包在下一层文件夹 / this is no bag, the bag is the folder below: %s"
            print(said % safe(below), file=sys.stderr)
    if options.json:
        print(json_text(told))
    return 0 if is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify.py",
        description="校验证据包，不联网，不写入 / checks evidence packages; no network, no writing",
    )
    add = parser.add_argument
    add(
        "bags",
        nargs="*",
        metavar="BAG",
        help="包的文件夹 / folder of a bag (default: the one this file lies in)",
    )
    add("--trust", metavar="FILE", help="另外取得的信任文件 / trust file that came on another way")
    add("--vkey", action="append", metavar="VKEY", help="另外取得的日志公钥 / key of a log, likewise")
    add("--older", metavar="FILE", help="以前留存的检查点 / an older checkpoint")
    add(
        "--growth",
        metavar="FILE",
        help="它与本包检查点的一致性证明 / consistency proof from it to the one here",
    )
    add("--seal", metavar="FILE", help="封签（export.seal）的证明文件 / proof file of export.seal")
    add("--bag-only", action="store_true", help="只查 BagIt，任何版本 / judge any BagIt bag")
    add("--json", action="store_true", help="输出 JSON / print JSON")
    return parser


def _given_trust(options: argparse.Namespace) -> Optional[Trust]:
    given = None
    if options.trust is not None:
        given = read_trust(_content(options.trust) or b"", options.trust)
    if options.vkey:
        trust = given or Trust([], {}, {}, "none")
        given = trust._replace(logs=[*trust.logs, *map(read_key, options.vkey)])
    return given


def _content(file: Optional[str]) -> Optional[bytes]:
    if file is None:
        return None
    with open(file, "rb") as source:
        return source.read()


def _own_bag() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _bags_below(folder: str) -> List[str]:
    """Return the bags that lie in a folder which is none itself, as at the root of a disc. Nothing is said of
    what they are worth."""
    if os.path.lexists(os.path.join(folder, _DECLARED)):
        return []
    try:
        below = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError:  # that it cannot be read was said by the first step
        return []
    return [one for one in below if os.path.isfile(os.path.join(one, _DECLARED))][:_MOST]


def _progress() -> Progress:
    """Return what shows on the standard error how far a large package has been read."""
    state = [0, time.monotonic()]

    def told(size: int) -> None:
        state[0] += size
        if state[0] >= _LARGE and time.monotonic() - state[1] >= _EACH_S:
            state[1] = time.monotonic()
            print("… %.1f GB" % (state[0] / 1e9), file=sys.stderr, flush=True)

    return told


if __name__ == "__main__":
    sys.exit(main())
