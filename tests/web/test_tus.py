"""tus 1.0.0 as docs/formats/dock-protocol.md promises it: every refusal leaves the offset where it was."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests import forms, inside
from tests.service_process import ServiceProcess
from tests.simulators.card import content
from tests.web.talk import OCTETS, UPLOADS, Dock, ask, checksum, metadata, raw, read_answer

BODY = content(300_000)


def staged(site: Path, path: str) -> bytes:
    """Return what stands in staging for an upload."""
    return (site / "staging" / f"{path.rsplit('/', 1)[1]}.part").read_bytes()


def census(site: Path) -> tuple[set[str], int]:
    """Return the staged files and the number of uploads the database knows, once earlier seals have ended:
    a seal takes its file out of staging."""
    going_on = "SELECT count(*) FROM job WHERE name = 'seal' AND state IN ('queued', 'running')"
    deadline = time.monotonic() + 30 * forms.PATIENCE
    while inside.count(site, going_on) and time.monotonic() < deadline:
        time.sleep(0.05)
    uploads = inside.count(site, "SELECT count(*) FROM upload")
    return {path.name for path in (site / "staging").iterdir()}, uploads


def test_options_says_what_the_server_can_without_a_token(service: ServiceProcess) -> None:
    answer = ask(service.port, "OPTIONS", UPLOADS)
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    }
    assert answer.headers["tus-checksum-algorithm"].split(",") == ["sha256", "sha1", "md5", "sha256-prefix"]


def test_a_new_upload_says_where_it_is_and_until_when(dock: Dock) -> None:
    answer = dock.create(len(BODY))
    assert answer.status == 201
    assert re.fullmatch(r"/api/v1/uploads/[0-9a-f]{32}", answer.headers["location"])
    assert answer.headers["tus-resumable"] == "1.0.0"
    week = parsedate_to_datetime(answer.headers["upload-expires"]).timestamp() - time.time()
    assert 6.9 * 86400 < week <= 7 * 86400


def test_head_tells_length_and_offset_and_is_not_cached(dock: Dock) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:1000]).status == 204
    answer = dock.ask("HEAD", path)
    assert answer.status == 200
    assert answer.headers["upload-offset"] == "1000"
    assert answer.headers["upload-length"] == str(len(BODY))
    assert answer.headers["cache-control"] == "no-store"


def test_a_file_sent_in_three_requests_with_three_algorithms_is_sealed_with_its_digests(dock: Dock) -> None:
    path, offset = dock.open(len(BODY)), 0
    for algorithm, end in (("sha256", 100_000), ("sha1", 250_000), ("md5", len(BODY))):
        piece = BODY[offset:end]
        answer = dock.patch(path, offset, piece, Upload_Checksum=checksum(piece, algorithm))
        assert (answer.status, answer.headers["upload-offset"]) == (204, str(end))
        offset = end
    receipt = dock.receipt(path)
    assert receipt["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert receipt["sm3"] == hashlib.new("sm3", BODY).hexdigest()
    assert (receipt["name"], receipt["size"], receipt["device"]) == ("a.mp4", len(BODY), dock.device)


def test_a_digest_of_all_bytes_so_far_is_checked_across_requests_and_a_restart(
    dock: Dock, service: ServiceProcess, site: Path
) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:1000], Upload_Checksum=prefix(BODY[:1000])).status == 204
    assert dock.patch(path, 1000, BODY[1000:2000], Upload_Checksum=prefix(BODY[1000:2000])).status == 460
    assert (dock.offset(path), staged(site, path)) == (1000, BODY[:1000])
    assert dock.patch(path, 1000, BODY[1000:2000], Upload_Checksum=prefix(BODY[:2000])).status == 204
    service.stop(signal.SIGKILL)
    service.start()
    assert dock.patch(path, 2000, BODY[2000:], Upload_Checksum=prefix(BODY[2000:])).status == 460
    assert dock.patch(path, 2000, BODY[2000:], Upload_Checksum=prefix(BODY)).status == 204
    assert dock.receipt(path)["sha256"] == hashlib.sha256(BODY).hexdigest()


def prefix(body: bytes) -> str:
    """Write our own checksum: the digest of all bytes up to the end of the request."""
    return checksum(body).replace("sha256", "sha256-prefix")


def test_a_file_of_no_bytes_is_complete_when_created(dock: Dock) -> None:
    path = dock.open(0)
    assert dock.receipt(path)["sha256"] == hashlib.sha256(b"").hexdigest()
    assert dock.ask("DELETE", path).status == 403


def test_a_wrong_checksum_is_460_and_nothing_moved(dock: Dock, site: Path) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:1000]).status == 204
    answer = dock.patch(path, 1000, BODY[1000:], Upload_Checksum=checksum(b"other"))
    assert (answer.status, answer.code) == (460, "checksum-differs")
    assert dock.offset(path) == 1000
    assert staged(site, path) == BODY[:1000]
    assert dock.patch(path, 1000, BODY[1000:], Upload_Checksum=checksum(BODY[1000:])).status == 204
    assert dock.receipt(path)["sha256"] == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize(
    "header", ["sha512 AAAA", "sha256", "sha256 ä", "", "sha256 =", "crc32 AAAA", "sha256-prefix AA=="]
)
def test_a_checksum_that_is_none_is_400_and_nothing_moved(dock: Dock, header: str) -> None:
    path = dock.open(len(BODY))
    answer = ask(
        dock.service.port,
        "PATCH",
        path,
        dock.token,
        {"Tus-Resumable": "1.0.0", "Content-Type": OCTETS, "Upload-Offset": "0", "Upload-Checksum": header},
        BODY,
    )
    assert answer.status == 400
    assert answer.code in ("invalid-checksum", "unknown-checksum-algorithm")
    assert dock.offset(path) == 0


@pytest.mark.parametrize("offset", [0, 999, 1001, len(BODY), 2**62])
def test_a_wrong_offset_is_409_and_tells_the_right_one(dock: Dock, offset: int) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:1000]).status == 204
    answer = dock.patch(path, offset, BODY[1000:1010])
    assert (answer.status, answer.code) == (409, "offset-differs")
    assert answer.headers["upload-offset"] == "1000"
    assert dock.offset(path) == 1000


@pytest.mark.parametrize("offset", ["", "-1", "+1", "1.0", "0x10", "１", "9" * 19, "9" * 400, " "])
def test_an_offset_that_is_no_number_is_400(dock: Dock, offset: str) -> None:
    path, sent = dock.open(len(BODY)), offset.encode().decode("latin-1")
    head = (
        f"PATCH {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {dock.token}\nTus-Resumable: 1.0.0\n"
        f"Content-Type: {OCTETS}\nUpload-Offset: {sent}\nContent-Length: 4\n\nabcd"
    )
    with raw(dock.service.port, head) as line:
        answer = read_answer(line)
    assert (answer.status, answer.code) == (400, "invalid-header")
    assert dock.offset(path) == 0


@pytest.mark.parametrize("size", ["", "-1", "1e3", "x", "9" * 19, "9" * 400])
def test_a_length_that_is_no_number_makes_no_upload(dock: Dock, site: Path, size: str) -> None:
    before = census(site)
    answer = dock.create(size)
    assert (answer.status, answer.code) == (400, "invalid-header")
    assert census(site) == before


def test_a_length_to_be_told_later_is_refused(dock: Dock, site: Path) -> None:
    before = census(site)
    answer = dock.create("", Upload_Defer_Length="1")
    assert (answer.status, answer.code) == (400, "length-not-deferrable")
    assert census(site) == before


def test_a_file_that_no_disc_here_could_hold_is_507_and_makes_no_upload(dock: Dock, site: Path) -> None:
    before = census(site)
    answer = dock.create(2**62)
    assert (answer.status, answer.code) == (507, "no-space")
    assert census(site) == before


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1", "2.0.0"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_another_version_of_tus_is_412_and_is_told_the_right_one(
    dock: Dock, site: Path, method: str, version: str
) -> None:
    path = dock.open(len(BODY))
    before = census(site)
    if method == "POST":
        answer = dock.create(10, Tus_Resumable=version)
    elif method == "PATCH":
        answer = dock.patch(path, 0, BODY, Tus_Resumable=version)
    else:
        answer = dock.ask(method, path, Tus_Resumable=version)
    assert answer.status == 412
    assert answer.headers["tus-version"] == "1.0.0"
    assert dock.offset(path) == 0
    assert census(site) == before


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "text/plain"])
def test_another_content_type_is_415_and_nothing_moved(dock: Dock, site: Path, kind: str) -> None:
    path = dock.open(len(BODY))
    answer = dock.patch(path, 0, BODY, Content_Type=kind)
    assert (answer.status, answer.code) == (415, "wrong-content-type")
    assert dock.offset(path) == 0
    assert staged(site, path) == b""


def test_more_bytes_than_announced_are_413_whether_the_request_tells_its_length_or_not(
    dock: Dock, site: Path
) -> None:
    path = dock.open(1000)

    def in_pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield bytes(100_000)

    for body in (BODY, in_pieces()):
        answer = dock.patch(path, 0, body)
        assert (answer.status, answer.code) == (413, "too-many-bytes")
        assert dock.offset(path) == 0
    assert dock.patch(path, 0, b"x" * 1000).status == 204
    assert dock.receipt(path)["sha256"] == hashlib.sha256(b"x" * 1000).hexdigest()


@pytest.mark.parametrize("size", [10_000, (1 << 20) + 1])
def test_a_creation_takes_the_bytes_that_come_with_it(dock: Dock, size: int) -> None:
    body = content(size)
    answer = dock.create(size, body=body, Content_Type=OCTETS, Upload_Checksum=prefix(body))
    assert (answer.status, answer.headers["upload-offset"]) == (201, str(size))
    assert "upload-expires" not in answer.headers
    assert dock.receipt(answer.headers["location"])["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_creation_with_a_part_of_the_file_goes_on_behind_it(dock: Dock) -> None:
    answer = dock.create(len(BODY), body=BODY[:1000], Content_Type=OCTETS)
    assert (answer.status, answer.headers["upload-offset"]) == (201, "1000")
    path = answer.headers["location"]
    assert dock.patch(path, 1000, BODY[1000:], Upload_Checksum=prefix(BODY)).status == 204
    assert dock.receipt(path)["sha256"] == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content_Type": OCTETS, "Upload_Checksum": checksum(b"other")}, (460, "checksum-differs")),
        ({"Content_Type": OCTETS, "Upload_Length": "5"}, (413, "too-many-bytes")),
        ({"Content_Type": OCTETS, "Upload_Checksum": "crc32 AAAA"}, (400, "unknown-checksum-algorithm")),
        ({"Content_Type": "text/plain"}, (415, "wrong-content-type")),
    ],
)
def test_a_creation_whose_bytes_are_refused_makes_no_upload(
    dock: Dock, site: Path, headers: dict[str, str], said: tuple[int, str]
) -> None:
    before = census(site)
    answer = dock.create(1000, body=BODY[:1000], **headers)
    assert (answer.status, answer.code) == said
    assert census(site) == before


def test_a_creation_that_is_cut_off_within_its_bytes_makes_no_upload(dock: Dock, site: Path) -> None:
    before, told = census(site), metadata(filename="a.mp4", device=dock.device, wearer="1")
    head = (
        f"POST {UPLOADS} HTTP/1.1\nHost: x\nAuthorization: Bearer {dock.token}\nTus-Resumable: 1.0.0\n"
        f"Content-Type: {OCTETS}\nUpload-Length: 1000\nUpload-Metadata: {told}\nContent-Length: 1000\n\n"
    )
    with raw(dock.service.port, head) as line:
        line.sendall(BODY[:999])
    assert dock.ask("OPTIONS", UPLOADS).status == 204  # it still answers, and has looked at the other line
    assert census(site) == before


def test_a_body_that_ends_early_keeps_what_arrived(dock: Dock) -> None:
    path = dock.open(len(BODY))
    head = (
        f"PATCH {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {dock.token}\nTus-Resumable: 1.0.0\n"
        f"Content-Type: {OCTETS}\nUpload-Offset: 0\nContent-Length: {len(BODY)}\n\n"
    )
    with raw(dock.service.port, head) as line:
        line.sendall(BODY[:70_000])
    offset = settled_offset(dock, path, least=70_000)
    assert offset == 70_000
    assert dock.patch(path, offset, BODY[offset:]).status == 204
    assert dock.receipt(path)["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_a_body_with_a_checksum_that_ends_early_moves_nothing(dock: Dock, site: Path) -> None:
    path = dock.open(len(BODY))
    head = (
        f"PATCH {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {dock.token}\nTus-Resumable: 1.0.0\n"
        f"Content-Type: {OCTETS}\nUpload-Offset: 0\nContent-Length: {len(BODY)}\n"
        f"Upload-Checksum: {checksum(BODY)}\n\n"
    )
    with raw(dock.service.port, head) as line:
        line.sendall(BODY[:70_000])
    while (answer := dock.patch(path, 0, BODY, Upload_Checksum=checksum(BODY))).status == 423:
        time.sleep(0.05)
    assert answer.status == 204, "the offset was still 0"
    assert staged(site, path) == BODY


def settled_offset(dock: Dock, path: str, least: int) -> int:
    """Wait until a broken request is closed; return the offset."""
    deadline = time.monotonic() + 10
    while dock.offset(path) < least and time.monotonic() < deadline:
        time.sleep(0.05)
    return dock.offset(path)


def test_a_second_writer_is_423_until_the_first_is_done(dock: Dock, site: Path) -> None:
    path = dock.open(len(BODY))
    file = site / "staging" / f"{path.rsplit('/', 1)[1]}.part"
    head = (
        f"PATCH {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {dock.token}\nTus-Resumable: 1.0.0\n"
        f"Content-Type: {OCTETS}\nUpload-Offset: 0\nContent-Length: {len(BODY)}\n\n"
    )
    with raw(dock.service.port, head) as line:
        line.sendall(BODY[:100_000])
        while not is_held(file):
            time.sleep(0.01)
        answer = dock.patch(path, 0, BODY)
        assert (answer.status, answer.code) == (423, "upload-busy")
        assert "retry-after" in answer.headers
        assert dock.ask("DELETE", path).status == 423
        line.sendall(BODY[100_000:])
        assert read_answer(line).status == 204
    assert dock.receipt(path)["sha256"] == hashlib.sha256(BODY).hexdigest()


def is_held(file: Path) -> bool:
    """Tell whether somebody holds a lock on the file, without touching it."""
    return any(line.split()[5].endswith(f":{file.stat().st_ino}") for line in open("/proc/locks"))


def test_of_many_writers_at_one_offset_one_wins_and_no_bytes_mix(dock: Dock, site: Path) -> None:
    bodies = [bytes([n]) * len(BODY) for n in range(6)]
    path, answers = dock.open(len(BODY) * 2), dict[int, int]()

    def send(n: int) -> None:
        answers[n] = dock.patch(path, 0, bodies[n], Upload_Checksum=checksum(bodies[n])).status

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values())[0] == 204
    assert set(answers.values()) <= {204, 409, 423}
    (winner,) = (n for n, status in answers.items() if status == 204)
    assert dock.offset(path) == len(BODY)
    assert staged(site, path) == bodies[winner]


def test_an_upload_that_is_given_up_is_gone(dock: Dock, site: Path) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:1000]).status == 204
    assert dock.ask("DELETE", path).status == 204
    assert not (site / "staging" / f"{path.rsplit('/', 1)[1]}.part").exists()
    for answer in (dock.patch(path, 1000, BODY[1000:]), dock.ask("DELETE", path)):
        assert (answer.status, answer.code) == (404, "upload-not-found")
    assert dock.ask("HEAD", path).status == 404


def test_what_is_complete_cannot_be_given_up(dock: Dock) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY).status == 204
    for _ in range(2):  # while it is sealed, and after
        answer = dock.ask("DELETE", path)
        assert (answer.status, answer.code) == (403, "upload-complete")
        assert dock.receipt(path)["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_an_expired_upload_is_410_and_its_bytes_are_kept(
    dock: Dock, service: ServiceProcess, site: Path
) -> None:
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:1000]).status == 204
    expires = "UPDATE upload SET expires_at = '2020-01-01T00:00:00.000000Z' WHERE id = :id"
    inside.change(site, expires, id=path.rsplit("/", 1)[1])  # a week goes by; then the service starts again
    service.stop()
    service.start()
    deadline = time.monotonic() + 30 * forms.PATIENCE
    while dock.ask("HEAD", path).status != 410:  # the workers look when they have begun
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert dock.ask("DELETE", path, Tus_Resumable="1.0.0").code == "upload-expired"
    assert dock.patch(path, 1000, BODY[1000:]).status == 410
    assert staged(site, path) == BODY[:1000]


@pytest.mark.parametrize(
    "header",
    [
        "filename",
        "filename ä",
        "filename a b",
        "filename /w==",
        "filename YQ==,filename YQ==",
        "filename YQ==,device RA==,wearer dw==,modified eA==",
        "filename YQ==,device RA==,wearer dw==,clock-offset-ms eA==",
        "",
    ],
)
def test_metadata_that_cannot_be_read_makes_no_upload(dock: Dock, site: Path, header: str) -> None:
    before = census(site)
    answer = ask(
        dock.service.port,
        "POST",
        UPLOADS,
        dock.token,
        {"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Metadata": header},
    )
    assert answer.status == 400
    assert answer.code in ("invalid-metadata", "missing-text", "invalid-text")
    assert census(site) == before


def test_metadata_of_a_megabyte_is_refused(dock: Dock, site: Path) -> None:
    before = census(site)
    try:
        status = dock.create(1, "x" * 1_000_000).status
    except (ConnectionResetError, BrokenPipeError):
        status = 400  # the server closed the line while the header was still being sent
    assert 400 <= status < 500
    assert census(site) == before


def test_another_docks_upload_is_as_unknown_as_one_that_never_was(
    service: ServiceProcess, dock: Dock
) -> None:
    path = dock.open(len(BODY))
    other = Dock(service, service.add_dock("another dock"))
    unknown = f"{UPLOADS}/{'0' * 32}"
    for where in (path, unknown):
        assert other.ask("HEAD", where).status == 404
        for answer in (
            other.patch(where, 0, BODY),
            other.ask("DELETE", where),
            other.ask("GET", f"{where}/receipt"),
        ):
            assert (answer.status, answer.code) == (404, "upload-not-found")
            assert set(answer.json) == {"type", "title", "status", "code", "upload"}
    assert dock.offset(path) == 0


@pytest.mark.parametrize("digest", ["x" * 64, "0" * 63, "", "zz"])
def test_a_declared_digest_that_is_none_makes_no_upload(dock: Dock, site: Path, digest: str) -> None:
    before = census(site)
    answer = dock.create(1, fields={"sha256": digest})
    assert (answer.status, answer.code) == (400, "invalid-checksum")
    assert census(site) == before


def test_a_declared_digest_may_be_written_in_capitals(dock: Dock) -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    assert dock.seal(BODY, sha256=digest.upper())["sha256"] == digest


def test_a_declared_digest_that_differs_is_409_with_the_bytes_kept(dock: Dock, site: Path) -> None:
    path = dock.open(len(BODY), sha256="0" * 64)
    assert dock.patch(path, 0, BODY).status == 204
    while (answer := dock.ask("GET", f"{path}/receipt")).status == 202:
        time.sleep(0.05)
    assert (answer.status, answer.code) == (409, "digest-differs")
    assert staged(site, path) == BODY


def test_a_receipt_is_425_while_bytes_are_missing(dock: Dock) -> None:
    answer = dock.ask("GET", f"{dock.open(10)}/receipt")
    assert (answer.status, answer.code) == (425, "upload-incomplete")


def test_receipts_are_asked_for_together_and_what_has_none_says_why_in_its_place(
    dock: Dock, service: ServiceProcess
) -> None:
    foreign = Dock(service, service.add_dock(f"other-{dock.device}"))
    sealed, half, theirs = dock.open(3), dock.open(5, "b.mp4"), foreign.open(4)
    dock.patch(sealed, 0, b"abc")
    dock.receipt(sealed)
    uploads = [path.rpartition("/")[2] for path in (half, sealed, theirs)]
    asked = json.dumps({"uploads": [*uploads, "../x"]})
    answer = dock.ask("POST", "/api/v1/receipts", asked.encode(), Content_Type="application/json")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json["receipts"]
    assert [one["upload"] for one in told] == [*uploads, "../x"]
    assert [one["state"] for one in told] == ["problem", "sealed", "problem", "problem"]
    assert told[1]["receipt"].encode() == dock.ask("GET", f"{sealed}/receipt").body
    alone = [dock.ask("GET", f"{path}/receipt") for path in (half, theirs)]
    assert [told[0]["problem"], told[2]["problem"]] == [one.json for one in alone]
    assert [told[n]["problem"]["status"] for n in (0, 2, 3)] == [425, 404, 404]


@pytest.mark.parametrize("uploads", [[], ["x"] * 101, "x", [1]])
def test_a_question_for_no_receipts_or_for_too_many_is_422(dock: Dock, uploads: object) -> None:
    asked = json.dumps({"uploads": uploads}).encode()
    assert dock.ask("POST", "/api/v1/receipts", asked, Content_Type="application/json").status == 422


def test_slow_senders_do_not_keep_others_waiting(dock: Dock) -> None:
    head = (
        "PATCH {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {token}\nTus-Resumable: 1.0.0\n"
        "Content-Type: {kind}\nUpload-Offset: 0\nContent-Length: 1000000\n\n"
    )
    lines: list[socket.socket] = []
    try:
        for n in range(60):  # more than the service has threads or database connections
            path = dock.open(1_000_000, f"{n}.mp4")
            line = socket.create_connection(("127.0.0.1", dock.service.port), timeout=10)
            line.sendall(head.format(path=path, token=dock.token, kind=OCTETS).replace("\n", "\r\n").encode())
            line.sendall(b"x")
            lines.append(line)
        started = time.monotonic()
        assert dock.seal(BODY)["size"] == len(BODY)
        assert time.monotonic() - started < 10 * forms.PATIENCE
    finally:
        for line in lines:
            line.close()


def test_the_metadata_of_a_dock_is_written_as_the_dock_gave_it(dock: Dock, service: ServiceProcess) -> None:
    receipt = dock.seal(
        BODY,
        "DCIM/现场 1.mp4",
        modified="2026-11-20T17:30:05+08:00",
        clock_offset_ms="-1500",
        label_case_number="杭1",
    )
    answer = ask(service.port, "GET", f"/api/v1/recordings/{receipt['recording']}", service.admin_token)
    assert answer.json["name"] == "DCIM/现场 1.mp4"
    assert answer.json["modified"] == "2026-11-20T09:30:05.000000Z"
    assert answer.json["clock_offset_ms"] == -1500
    assert answer.json["labels"] == {"case-number": "杭1"}
    assert metadata(clock_offset_ms="1").startswith("clock-offset-ms ")
