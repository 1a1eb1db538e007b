"""The nine steps, in order. Each collects what does not agree; a later one is done as far as an earlier
one allows.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional

from evidence.verifier.arithmetic import Wrong, is_sm3_slow
from evidence.verifier.audit import (
    examine_bag,
    examine_checkpoints,
    examine_disclosed,
    examine_entries,
)
from evidence.verifier.bags import Progress, judge, open_bag
from evidence.verifier.binding import (
    examine_binding,
    examine_growth,
    examine_histories,
    examine_report,
    examine_seal,
)
from evidence.verifier.package import Package, sha256_of
from evidence.verifier.trust import Trust, read_trust

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
NAMES = (
    ("包的文件与校验值", "the bag: files and digests"),
    ("信任来源", "trust: whose keys"),
    ("检查点", "checkpoints"),
    ("日志条目与证明", "log entries and proofs"),
    ("披露的字段", "disclosed fields"),
    ("历史完整，无缺漏", "completeness: nothing left out"),
    ("文件与日志相符", "binding: files as the log says"),
    ("报告的数字", "figures of the report"),
    ("日志只增不改；封签", "growth of the log; seal"),
)
_UNREADABLE = (
    KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError, OSError,
    OverflowError, MemoryError,
)  # fmt: skip


class Asked(NamedTuple):
    """What is asked besides the bag: trust from outside, None for that in the bag; contents of files for
    step 9.
    """

    trust: Optional[Trust]
    older: Optional[bytes]
    growth: Optional[bytes]
    seal: Optional[bytes]
    others: Dict[str, str]
    progress: Progress


class Step(NamedTuple):
    """What a step found. result: PASS, FAIL, SKIP."""

    number: int
    result: str
    faults: List[Wrong]
    notes: List[str]


def examine(folder: str, asked: Asked) -> List[Step]:
    """Examine a package in nine steps. Bad evidence raises nothing."""
    faults: List[Wrong] = []
    bag = open_bag(folder, faults.append)
    if bag is None:
        return [
            Step(1, FAIL, faults, []),
            *(Step(number, FAIL, [Wrong("no-bag")], []) for number in range(2, 10)),
        ]
    package = Package(bag)
    trusted: List[Trust] = []

    def trust() -> Trust:
        if not trusted:
            raise Wrong("untrusted", "audit/policy.txt")
        return trusted[0]

    acts: List[Callable[[List[Wrong]], Any]] = [
        lambda faults: _bag(package, asked, faults),
        lambda _: _trust(package, asked, trusted),
        lambda faults: examine_checkpoints(package, trust(), faults.append),
        lambda faults: ["entries: %d" % examine_entries(package, faults.append)],
        lambda faults: ["%s: %d" % one for one in examine_disclosed(package, faults.append).items()],
        lambda faults: examine_histories(package, faults.append),
        lambda faults: examine_binding(package, asked.others, asked.progress, faults.append),
        lambda faults: examine_report(package, faults.append),
        lambda _: _outside(package, asked, trust),
    ]
    steps = [_do(number, act, faults if number == 1 else []) for number, act in enumerate(acts, 1)]
    if not steps[8].faults and asked.older is None and asked.seal is None:
        steps[8] = steps[8]._replace(result=SKIP)
    return steps


def examine_bag_only(folder: str, progress: Progress) -> List[Step]:
    """Judge any BagIt bag, of any version: the first step alone."""
    faults: List[Wrong] = []
    bag = open_bag(folder, faults.append)
    if bag is None:
        return [Step(1, FAIL, faults, [])]
    judge(bag, set(), progress, faults.append)
    return [Step(1, FAIL if faults else PASS, faults, ["BagIt %s" % bag.version])]


def _do(number: int, act: Callable[[List[Wrong]], Any], faults: List[Wrong]) -> Step:
    notes: List[str] = []
    try:
        notes = act(faults) or []
    except Wrong as fault:
        faults.append(fault)
    except _UNREADABLE as fault:  # what has not the shape it should have; never passed over
        faults.append(Wrong("malformed", more=repr(fault)[:200]))
    return Step(number, FAIL if faults else PASS, faults, notes)


def _bag(package: Package, asked: Asked, faults: List[Wrong]) -> List[str]:
    examine_bag(package, asked.progress, faults.append)
    payload = [one.size for path, one in package.files.items() if path.startswith("data/")]
    notes = ["%d files, %d bytes in data/" % (len(payload), sum(payload))]
    notes.append("SHA-256 tagmanifest-sha256.txt: %s" % sha256_of(package.bag.read("tagmanifest-sha256.txt")))
    return notes + (["SM3: pure Python, slow"] if is_sm3_slow() else [])


def _trust(package: Package, asked: Asked, trusted: List[Trust]) -> List[str]:
    own = read_trust(package.bag.read("audit/policy.txt"), "audit/policy.txt")
    trusted.append(asked.trust or own)
    labels = ", ".join(key.label for key in trusted[0].logs)
    if asked.trust is None:
        return ["self-consistent", labels]
    known = {*trusted[0].logs, *trusted[0].witnesses.values()}
    more = [key.label for key in (*own.logs, *own.witnesses.values()) if key not in known]
    return ["trust-given", labels] + (["trust-more", ", ".join(more)] if more else [])


def _outside(package: Package, asked: Asked, trust: Callable[[], Trust]) -> List[str]:
    notes = []
    if asked.older is not None:
        notes.append(examine_growth(package, trust(), asked.older, asked.growth))
    if asked.seal is not None:
        notes.append(examine_seal(package, trust(), asked.seal))
    return notes
