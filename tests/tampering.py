"""What somebody above the program can do to a site: change what is sealed, keep the log from being written.

On a folder that is root of the machine. In a bucket no account can: it takes the operator of the store, who
reaches the bytes on its discs below the S3 interface (Ceph's `rados`), where no Object Lock stands. So these
acts are the worst case of either form, and reading back must find them on both.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from storage import locks
from storage.opening import open_vault
from storage.vault import Lock
from tests import forms, inside

_POOL = "default.rgw.buckets.data"
# What stands there under the store's sign of the bucket: of each version a head, and the bytes of its parts.
_HEAD = r"{}__:[^_/:]+_{}"
_PART = r"{}__multipart_{}\.2~[^/]+\.1"


def overwrite(folder: Path, key: str, body: bytes) -> None:
    """Put other bytes in the place of a sealed object's. In a bucket they are as many as there were, filled
    up with zeros: it shows what its index counts, and waits for bytes that its disc has lost.
    """
    if forms.is_grown(folder):
        size = len(inside.sealed(folder, key))
        assert len(body) <= size, "a bucket never shows more bytes than it took"
        _rados("put", _name(folder, key, _PART), "-", given=body.ljust(size, b"\0"))
        return
    file = folder / "vault" / key
    mode = file.stat().st_mode
    file.chmod(0o600)
    file.write_bytes(body)
    file.chmod(mode)


def remove(folder: Path, key: str) -> None:
    """Take a sealed object away; from a bucket as its operator does it."""
    if forms.is_grown(folder):
        bucket = inside.bucket(forms.vault_url(folder))
        for one in bucket.versions(key):
            words = ("--bucket", bucket.name, "--object", one.key, "--object-version", one.id)
            _ask_ceph("radosgw-admin", "-n", "client.admin", "object", "rm", *words)
    else:
        (folder / "vault" / key).unlink()


def remove_all(folder: Path, prefix: str) -> None:
    """Take away everything under a prefix that ends with "/", lock records too."""
    if not forms.is_grown(folder):
        shutil.rmtree(folder / "vault" / prefix)
        return
    for key in {one.key for one in open_vault(forms.vault_url(folder)).census(prefix)}:
        remove(folder, key)


def shorten(folder: Path, key: str, by: timedelta) -> None:
    """Forge the lock record of an object in a folder, its check too: locked so much shorter."""
    sealed = open_vault(forms.vault_url(folder)).stat(key)
    lock = Lock(sealed.lock.retain_until - by, sealed.lock.holds)
    overwrite(folder, f"{key}~lock.000001.json", locks.encode(locks.seal(key, sealed.promise, lock)))


@contextmanager
def overwritten(folder: Path, key: str, body: bytes) -> Iterator[None]:
    """Put other bytes in the place of a sealed object's, and the right ones back afterwards."""
    whole = inside.sealed(folder, key)
    overwrite(folder, key, body)
    try:
        yield
    finally:
        overwrite(folder, key, whole)


@contextmanager
def removed(folder: Path, key: str) -> Iterator[None]:
    """Take a sealed object away, and put it back afterwards."""
    if forms.is_grown(folder):
        name = _name(folder, key, _HEAD)
        hidden = f"hidden-{name}"
        _rados("cp", name, hidden)
        _rados("rm", name)
    else:
        file, aside = folder / "vault" / key, folder / "hidden"
        file.rename(aside)
    try:
        yield
    finally:
        if forms.is_grown(folder):
            _rados("cp", hidden, name)
            _rados("rm", hidden)
        else:
            aside.rename(file)


_NO_LOG = {
    "sqlite": (
        "CREATE TRIGGER test_no_log BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, '{said}'); END",
        "DROP TRIGGER test_no_log",
    ),
    "postgresql": (
        "CREATE FUNCTION test_no_log() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = '{state}'; END $$; "
        "CREATE TRIGGER test_no_log BEFORE INSERT ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION test_no_log()",
        "DROP TRIGGER test_no_log ON audit_entry; DROP FUNCTION test_no_log()",
    ),
}


@contextmanager
def no_log(folder: Path, *, by_mistake: bool = False) -> Iterator[None]:
    """Let nothing be written into the log: as when its disc fails, or as if by a mistake of ours."""
    said, state = ("constraint of nobody", "23514") if by_mistake else ("the log is full", "58030")
    with inside.connection(folder) as opened:
        begin, end = _NO_LOG[opened.dialect.name]
        opened.execute(text(begin.format(said=said, state=state)))
    try:
        yield
    finally:
        with inside.connection(folder) as opened:
            opened.execute(text(end))


def _name(folder: Path, key: str, what: str) -> str:
    """Return the name under which the store keeps a key's one version on its discs, in this site's bucket:
    the pieces of a log have the same keys in all of them.
    """
    bucket = inside.bucket(forms.vault_url(folder)).name
    stats = json.loads(
        _ask_ceph("radosgw-admin", "-n", "client.admin", "bucket", "stats", "--bucket", bucket)
    )
    sign = re.compile(what.format(re.escape(stats["marker"]), re.escape(key)))
    (found,) = filter(sign.fullmatch, _rados("ls").decode("utf-8", "replace").splitlines())
    return found


def _rados(*words: str, given: bytes | None = None) -> bytes:
    return _ask_ceph("rados", "-p", _POOL, *words, given=given)


def _ask_ceph(program: str, *words: str, given: bytes | None = None) -> bytes:
    conf = forms.servers().store.folder / "store" / "ceph.conf"
    done = subprocess.run([program, "-c", str(conf), *words], input=given, capture_output=True, timeout=60)
    assert done.returncode == 0, f"{words}: {done.stderr.decode(errors='replace')}"
    return done.stdout
