"""What is said, in Chinese and in English, or as JSON. Whatever comes out of a package is escaped before
it is shown.
"""

from __future__ import annotations

import json
from typing import Dict, List

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.steps import FAIL, NAMES, SKIP, Step

_RESULTS = {"PASS": "通过 PASS", "FAIL": "不符 FAIL", "SKIP": "未做 SKIP"}
_NOTES = {
    "self-consistent": (
        "只用了包内公钥：仅说明包与该公钥相符。请用另外取得的公钥核对（--trust、--vkey）",
        "only the key inside the package was used: it proves only that package and key fit. "
        "Compare with a key that came on another way (--trust, --vkey)",
    ),
    "withheld-others": (
        "不予告知的是另一次对外提供的记录，只列位置和叶哈希；内容是否确属他次对外提供，须信其言或由法院查询",
        "what is withheld are records of other exports, told by place and leaf hash only; that they are "
        "about other exports must be believed, or asked of a court",
    ),
    "set-unbound": (
        "导出条目未载 set.json 的校验值：其中的文件名、起始时间、导出时间和次序只有封签能证明（--seal）",
        "the export's entry does not name the digest of set.json: for the names, the times and the order "
        "that stand there, only the seal can vouch (--seal)",
    ),
    "trust-more": (
        "包内信任文件另有下列公钥，不在您提供的之中；未使用，勿从包内取用",
        "the trust file in the package names keys that yours does not; they were not used, take none there",
    ),
    "trust-given": ("使用另外提供的公钥", "keys that were given from outside"),
}
_UNCHECKED = {
    "keys": ("公钥是谁的（--trust）", "whose keys these are (--trust)"),
    "seal": ("封签（--seal）", "the seal (--seal)"),
}
TEXTS = {
    "base64": ("base64 写法不符", "base64 not as it must be written"),
    "decimal": ("数字写法不符", "number not as it must be written"),
    "signature": ("签名不对", "wrong signature"),
    "key": ("公钥读不出", "not a verifier key"),
    "note": ("签名文本读不出", "not a signed note"),
    "checkpoint": ("检查点读不出或不是此日志的", "checkpoint not readable, or of another log"),
    "no-checkpoint": ("没有此日志的可信检查点", "no trusted checkpoint of this log"),
    "other-checkpoint": ("证明所附检查点与包内不同", "the proof carries another checkpoint than the package"),
    "untrusted": ("没有可信公钥的签名", "not signed by a trusted key"),
    "quorum": ("见证签名不足", "not enough witnesses"),
    "trust-file": ("信任文件读不出", "trust file not readable"),
    "stamp": ("时间戳不是对此检查点作出", "time stamp is not over this checkpoint"),
    "json": ("不是规范 JSON", "not canonical JSON"),
    "entry": ("日志条目格式不符", "log entry malformed"),
    "entry-twice": ("日志条目重复", "a log entry stands twice"),
    "entry-unlisted": ("证明的条目不在清单中", "proof of an entry that is not listed"),
    "entry-foreign": (
        "日志条目与包内任何文件无关",
        "a log entry is about none of the files of the package",
    ),
    "unproven": ("日志条目没有成立的证明", "log entry without a proof that holds"),
    "order": ("顺序不符或有缺漏", "not in order, or something is left out"),
    "proof-file": ("证明文件读不出或名称不符", "proof file not readable, or its name is another"),
    "proof": ("证明不通向检查点的根", "proof does not lead to the root of the checkpoint"),
    "growth": ("日志不是由旧检查点增长而来", "the log did not grow from the older checkpoint"),
    "field": ("披露的值与承诺不符", "disclosed value does not fit its commitment"),
    "field-unnamed": ("字段未列出", "a field is not named"),
    "history": ("历史缺一条或被调换", "history: an entry is left out or exchanged"),
    "history-end": ("历史没有到本次导出", "history does not reach this export"),
    "withheld-transfer": (
        "只有申请条目写明不是移送的包，才可有不予告知的条目",
        "entries are withheld, and no request in the package says that it is no transfer",
    ),
    "withheld-unneeded": (
        "不予告知的条目在任何历史中都没有位置",
        "an entry is withheld that no history has a place for",
    ),
    "families": ("导出条目未写明日志种类", "the export's entry names no families of logs"),
    "no-export-entry": ("没有本次导出的日志条目", "no entry of this export"),
    "manifests": ("清单与导出条目不符", "manifests are not those of the export's entry"),
    "object-missing": ("导出条目所列对象不在包内", "an object of the export's entry is not in the package"),
    "object-added": ("包内对象不在导出条目中", "an object of the package is not in the export's entry"),
    "no-seal": ("没有日志条目为此文件作证", "no entry vouches for this file"),
    "not-sealed-so": ("文件与入库条目不符", "file is not as its entry says"),
    "set-list": ("set.json 前后不一", "set.json contradicts itself"),
    "not-in-set": ("本包不是 set.json 所列的任何一张", "this bag is none of those in set.json"),
    "not-as-listed": ("文件与 set.json 所列不符", "file is not as set.json lists it"),
    "figures": ("报告数字与重算不符", "figures of the report are not those computed again"),
    "pdf": ("不是 PDF", "not a PDF"),
    "seal": ("封签与本包不符", "the seal is not of this package"),
    "bag-declaration": ("bagit.txt 缺失或不符", "bagit.txt missing or wrong"),
    "bag-algorithm": ("不认识的校验算法", "unknown algorithm"),
    "bag-encoding": ("文字编码不符", "wrong encoding of text"),
    "bag-line": ("清单行格式不符", "line of a list malformed"),
    "bag-path": ("路径越出包外", "path leads out of the bag"),
    "bag-twice": ("同一文件列了两次", "a file is listed twice"),
    "bag-oxum": ("文件数或字节数不符", "number of files or bytes differs"),
    "bag-info": (
        "bag-info.txt 与 set.json 不符，或有多余、重复的行",
        "bag-info.txt is not as set.json says, or says more, or twice",
    ),
    "join": ("合并命令不是由各部分得出的", "the commands that join a file are not those for its parts"),
    "too-large": ("文件大得不合常理", "file larger than it can be"),
    "bag-no-file": ("不是普通文件", "not an ordinary file"),
    "missing": ("缺少文件", "file missing"),
    "unlisted": ("文件未列入清单", "file not listed"),
    "changed": ("文件已改变", "file changed"),
    "unreadable": ("文件读不出", "file cannot be read"),
    "malformed": ("内容格式不符，无法继续此步", "malformed: this step could not go on"),
    "no-bag": ("不是包，未能检查", "no bag, nothing could be checked"),
}


def text(folder: str, steps: List[Step]) -> str:
    """Return the lines for people."""
    lines = [safe(folder)]
    for step in steps:
        zh, en = NAMES[step.number - 1]
        lines.append("%d. [%s] %s / %s" % (step.number, _RESULTS[step.result], zh, en))
        lines += ["     ✗ " + fault_text(one) for one in step.faults]
        lines += ["     · " + " / ".join(_NOTES.get(one, (safe(one),))) for one in step.notes]
    return "\n".join([*lines, _verdict(steps)])


def _verdict(steps: List[Step]) -> str:
    """Return the last line. What could not be checked is not said to have passed."""
    if any(step.result == FAIL for step in steps):
        return "有不符之处 / SOMETHING DOES NOT AGREE"
    lacking = unchecked(steps)
    if not lacking:
        return "全部通过 / ALL PASSED"
    zh, en = zip(*(_UNCHECKED[one] for one in lacking))
    told = "、".join(zh), ", ".join(en)
    return "已查的全部通过；未核对：%s / WHAT WAS CHECKED HAS PASSED; not checked: %s" % told


def unchecked(steps: List[Step]) -> List[str]:
    """Return what nobody gave the means to check: whose keys these are, and step 9."""
    keys = ["keys"] if any("self-consistent" in step.notes for step in steps) else []
    return keys + (["seal"] if any(step.result == SKIP for step in steps) else [])


def as_json(folder: str, steps: List[Step]) -> Dict[str, object]:
    """Return the same for programs."""
    return {
        "bag": folder,
        "ok": all(step.result != FAIL for step in steps),
        "unchecked": unchecked(steps),
        "steps": [
            {
                "number": step.number,
                "name": {"zh": NAMES[step.number - 1][0], "en": NAMES[step.number - 1][1]},
                "result": step.result,
                "faults": [{"code": one.code, "where": one.where, "more": one.more} for one in step.faults],
                "notes": step.notes,
            }
            for step in steps
        ],
    }


def json_text(told: List[Dict[str, object]]) -> str:
    """Return JSON as ASCII, so that nothing in it steers a terminal."""
    return json.dumps(told, indent=1, ensure_ascii=True)


def safe(shown: str) -> str:
    """Return a text whose unprintable characters are escaped."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "backslashreplace").decode()
        for one in shown
    )


def fault_text(fault: Wrong) -> str:
    """Return what is wrong, in both languages."""
    zh, en = TEXTS[fault.code]
    rest = " · ".join(safe(one) for one in (fault.where, fault.more) if one)
    return "%s / %s%s" % (zh, en, ": " + rest if rest else "")
