"""`./dev.sh demo`: the main job on made-up footage.

A recorder's card goes in; sealed originals and a gap report come out. It holds four segments of one shift
with an interruption of 41 seconds, the last cut off by a power loss, and one file from the day before, docked
too late. Every step is a command that an operator would type.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.service_process import ServiceProcess

DEVICE, WEARER = "DSJX9A00123", "012345"
SEGMENT = timedelta(seconds=10)
INTERRUPTION = timedelta(seconds=41)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def main() -> int:
    """Run the demo; exit code 0 when all went as it should."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="evidence-demo-"))
    try:
        step("制作样例存储卡", "making a sample card")
        card = make_card(folder / "card")
        for file in sorted(card.rglob("*.mp4")):
            print(f"  {file.name}  {file.stat().st_size} bytes")
        outcome = run(folder, card)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n完成，用时 {time.monotonic() - started:.0f} 秒 / done in {time.monotonic() - started:.0f} s")
    return outcome


def step(chinese: str, english: str) -> None:
    """Announce a step."""
    print(f"\n── {chinese} / {english}", flush=True)


def make_card(card: Path) -> Path:
    """Make the files as a recorder names and dates them (local time in the name, UTC in the header)."""
    shift = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    starts = [
        shift - timedelta(hours=24),  # the day before: more than 24 hours old when it is docked
        shift,
        shift + SEGMENT,
        shift + 2 * SEGMENT + INTERRUPTION,
        shift + 3 * SEGMENT + INTERRUPTION,
    ]
    for number, start in enumerate(starts, 1):
        name = f"{DEVICE}_{WEARER}_{start.astimezone(SHANGHAI):%Y%m%d%H%M%S}_{number:04d}.mp4"
        file = card / "DCIM" / f"{start.astimezone(SHANGHAI):%Y%m%d}" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        record(file, start, number)
        if number == len(starts):  # the battery is pulled before the index is written
            os.truncate(file, file.stat().st_size * 6 // 10)
        end = (start + SEGMENT).timestamp()
        os.utime(file, (end, end))
    return card


def record(file: Path, start: datetime, number: int) -> None:
    """Write one segment: H.264 and AAC in MP4, without the marks of the software that made it."""
    seconds = int(SEGMENT.total_seconds())
    picture = f"testsrc2=size=640x360:rate=25:duration={seconds},noise=alls=12:allf=t:all_seed={number}"
    sound = f"anoisesrc=duration={seconds}:sample_rate=16000:amplitude=0.2:seed={number}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
        + ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        + ["-bsf:v", "filter_units=remove_types=6", "-fflags", "+bitexact", "-flags", "+bitexact"]
        + ["-metadata", f"creation_time={start:%Y-%m-%dT%H:%M:%SZ}", "-t", str(seconds), str(file)],
        check=True,
    )


def run(folder: Path, card: Path) -> int:
    """Dock the card against a fresh service and show what came of it."""
    step("建立站点（规则包：大柘镇 2020）", "making a site (policy pack dazhe-2020)")
    service = ServiceProcess(folder / "site")
    token = service.add_dock("demo-dock")
    print(f"  {service.verifier_key}")
    with service:
        step("采集：上传、封存、核验回执", "docking: upload, seal, check the receipts")
        dock = ["dock", str(card), "--url", service.url, "--device", DEVICE, "--wearer", WEARER]
        dock += [
            "--state",
            str(folder / "dock"),
            "--key",
            service.verifier_key,
            "--case",
            "大柘执罚〔2026〕1号",
        ]
        docked = evidence(*dock, EVIDENCE_TOKEN=token)
        step("检查在后台进行", "examination goes on in the background")
        wait_for_jobs(service)
        site = ["--data", str(folder / "site")]
        step("第一份回执（签名文档）", "the first receipt (a signed document)")
        print(first_receipt(service))
        step("检查结果", "findings")
        evidence("findings", *site)
        step("入库时限", "deadlines")
        evidence("deadlines", *site)
        step("缺口报告", "gap report")
        evidence("gaps", *site)
        step("全部重读校验", "reading everything back")
        verified = evidence("verify", *site)
        step("用现成工具（openssl）校验一份清单", "checking a manifest with stock tools (openssl)")
        stock_check(service, folder)
        expect_what_was_planted(service)
    return docked or verified


def evidence(*words: str, **environment: str) -> int:
    """Run an `evidence` command as an operator would, showing what it prints."""
    return subprocess.run(
        [sys.executable, "-m", "evidence", *words],
        env={**os.environ, "COLUMNS": "160", **environment},
        check=False,
    ).returncode


def wait_for_jobs(service: ServiceProcess) -> None:
    """Wait until nothing is queued or running."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        status, body = service.get("/api/v1/status", service.admin_token)
        assert status == 200, body
        jobs = json.loads(body)["jobs"]
        if not jobs.get("queued") and not jobs.get("running"):
            done = jobs.get("done", 0)
            print(f"  已完成 {done} 项检查与核对 / {done} checks and examinations done")
            return
        time.sleep(0.3)
    raise SystemExit("the jobs did not end within 90 s")


def first_receipt(service: ServiceProcess) -> str:
    """Return the receipt of the first recording."""
    first = json.loads(service.get("/api/v1/recordings", service.admin_token)[1])[0]
    return service.get(f"/api/v1/uploads/{first['id']}/receipt", service.admin_token)[1].decode()


def stock_check(service: ServiceProcess, folder: Path) -> None:
    """Check a manifest's signature with sed, base64 and openssl only (docs/formats/signed-document.md)."""
    first = json.loads(service.get("/api/v1/recordings", service.admin_token)[1])[0]
    manifest = service.get(f"/api/v1/recordings/{first['id']}/manifest", service.admin_token)[1]
    place = folder / "expert"
    place.mkdir()
    (place / "manifest.json").write_bytes(manifest)
    (place / "vkey").write_text(service.verifier_key + "\n")
    page = (Path(__file__).parents[1] / "docs/formats/signed-document.md").read_text("utf-8")
    block = next(part for part in page.split("```")[1::2] if "openssl" in part)
    subprocess.run(["sh", "-euc", block], cwd=place, check=True)


def expect_what_was_planted(service: ServiceProcess) -> None:
    """Fail the demo when a planted fault was not found: a demo that cannot fail shows nothing."""
    found = json.loads(service.get("/api/v1/findings", service.admin_token)[1])
    codes = {row["code"] for row in found}
    assert {"gap-between-files", "truncated", "late"} <= codes, codes
    (gap,) = [row for row in found if row["code"] == "gap-between-files"]
    assert abs(gap["measured"] - INTERRUPTION.total_seconds()) < 1.1, gap


if __name__ == "__main__":
    sys.exit(main())
