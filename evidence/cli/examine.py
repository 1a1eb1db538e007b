"""`evidence examine FILE…`: findings for local files; no server, no site. Several files are one device's
sequence.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.site import Json
from evidence.cli.words import finding_lines, legible, printable, speak_under
from evidence.local import examine_files, load_pack
from evidence.locale import say


def examine(
    files: Annotated[list[Path], typer.Argument(help="文件 / files", exists=True, dir_okay=False)],
    deep: Annotated[bool, typer.Option("--deep", help="解码全部内容 / decode everything")] = False,
    policy: Annotated[str, typer.Option("--policy", help="规则包 / policy pack")] = "dazhe-2020",
    clock_offset: Annotated[
        float, typer.Option("--clock-offset", help="加到设备时间的秒数 / seconds to add to the device's time")
    ] = 0.0,
    json_: Json = False,
) -> None:
    """检查本地文件 / Examine local files: what is measured, never a verdict."""
    speak_under(load_pack(policy).latest)
    found = [one.as_json() for one in examine_files(files, policy, deep, clock_offset)]
    if json_:
        report = legible({"files": [str(file) for file in files], "findings": found})
        print(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for row in found:
        for line in finding_lines(row):
            print(line)
    quiet = [file.name for file in files if not any(row["file"] == file.name for row in found)]
    for name in quiet:
        print(f"{say('cli.nothing-found')}  {printable(name)}")
