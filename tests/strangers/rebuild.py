"""What somebody writes who has a copy of a vault, the pages of docs/formats, and no program of ours.

    python rebuild.py VAULT-FOLDER VKEY-FILE

Prints the recordings as JSON, read from the log, the pieces of rows and the signed manifests alone. VKEY-FILE
holds the site's verifier key. Whatever does not agree goes to standard error; exit code 1 then. It needs
Python's standard library and the command `openssl`.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

vault, vkey_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
wrong = []


def say(what):
    wrong.append(what)
    print(what, file=sys.stderr)


# signed-document.md, signed-note.md: Ed25519, checked by OpenSSL


def public_key(vkey):
    raw = base64.b64decode(vkey.strip().split("+", 2)[2])
    assert raw[0] == 1 and len(raw) == 33, "no Ed25519 key"
    return bytes.fromhex("302a300506032b6570032100") + raw[1:]


def is_signed(vkey, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / name for name in ("key", "message", "signature")]
        for path, body in zip(paths, (public_key(vkey), message, signature), strict=True):
            path.write_bytes(body)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"]
        command += ["-inkey", paths[0], "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, capture_output=True).returncode == 0


def manifest(document, vkey):
    """Return the body of a signed document, None where it is not signed by this key."""
    first, body, third = document.split(b"\n")[:3]
    name, key_id = vkey.split("+")[:2]
    for one in json.loads(third[len(',"signatures":') : -1]):
        if one["key"] == f"{name}+{key_id}" and is_signed(vkey, body, base64.b64decode(one["sig"])):
            return json.loads(body)
    return None


# log-segment.md: the log, and its root


def entries_of(raw):
    while raw:
        length = int.from_bytes(raw[:2], "big")
        yield raw[2 : 2 + length]
        raw = raw[2 + length :]


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def read_log(folder):
    """Return the entries of a log that are signed, and its newest checkpoint with its size."""
    log, newest = [], None
    for size in sorted(folder.iterdir()):
        if (size / "entries").exists():
            log += entries_of((size / "entries").read_bytes())
            if len(log) != int(size.name):
                say(f"{size}: entries are missing before it")
        if (size / "checkpoint").exists():
            newest = size / "checkpoint"
    if newest is None:
        say(f"{folder}: nothing is signed")
        return []
    signed = log[: int(newest.parent.name)]
    text, _, signatures = newest.read_bytes().partition(b"\n\n")
    lines = text.decode().split("\n")
    said = [json.loads(entry) for entry in signed]
    keys = [key for one in said if one["act"] in ("log.key", "log.rotate") for key in one["facts"]["keys"]]
    if not any(signs(key, text + b"\n", signatures) for key in keys):
        say(f"{newest}: no key that the log names has signed it")
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in signed]
    if lines[2] != base64.b64encode(root(leaves)).decode():
        say(f"{newest}: another root")
    return said


def signs(vkey, text, signatures):
    name, key_id = vkey.split("+")[:2]
    for line in signatures.decode().splitlines():
        dash, who, blob = line.split(" ")
        raw = base64.b64decode(blob)
        if who == name and raw[:4].hex() == key_id:
            return is_signed(vkey, text, raw[4:])
    return False


# log-rows.md: what stands last for a key is the row

KEYS = {"claim": ("device", "name_sha256"), "standing": ("recording_id",), "gap": ("name",)}


def read_rows(folder, log):
    vouched = {one["facts"]["serial"]: one["facts"]["sha256"] for one in log if one["act"] == "log.rows"}
    tables = {}
    for serial in sorted(vouched):
        try:
            raw = (folder / f"{serial:015d}" / "rows").read_bytes()
        except FileNotFoundError:
            say(f"rows {serial}: missing")
            continue
        if hashlib.sha256(raw).hexdigest() != vouched[serial]:
            say(f"rows {serial}: not what the log says")
            continue
        for line in raw.splitlines():
            one = json.loads(line)
            row = one.get("row") or one["gone"]
            key = tuple(row[name] for name in KEYS.get(one["table"], ("id",)))
            tables.setdefault(one["table"], {})[key] = one.get("row")
    return {name: [row for row in rows.values() if row] for name, rows in tables.items()}


# all together


def problem_of(row, sealed, destroyed, vkey):
    """Hold a row against its manifest, and that against the log; return what is wrong, None for nothing."""
    where, data = vault / row["manifest_key"], vault / row["data_key"]
    if not where.exists():
        return "no manifest"
    document = where.read_bytes()
    if hashlib.sha256(document).hexdigest() != sealed.get(row["id"]):
        return "a manifest that the log does not know"
    said = manifest(document, vkey)
    if said is None:
        return "the manifest is not signed by this site"
    original = said["original"]
    signed = (said["device"], said["wearer"], original["name"], original["size"], original["sha256"])
    if signed != (row["device"], row["wearer"], row["name"], row["size"], row["sha256"]):
        return "the row says other than the manifest"
    if row["gone_at"]:
        certificate = destroyed.get(row["id"])
        body = manifest(base64.b64decode(certificate), vkey) if certificate else None
        is_right = body and body["recording"] == row["id"] and body["original"] == original
        return None if is_right and not data.exists() else "destroyed without a certificate"
    if not data.exists() or hashlib.sha256(data.read_bytes()).hexdigest() != row["sha256"]:
        return "the original is not what was sealed"
    return None


def main():
    log = read_log(vault / "log" / "custody")
    tables = read_rows(vault / "log" / "rows", log)
    sealed = {
        one["obj"][0]["id"]: one["facts"]["manifest_sha256"] for one in log if one["act"] == "evidence.seal"
    }
    vouched = {one["facts"]["certificate_sha256"] for one in log if one["act"] == "evidence.destroy"}
    destroyed = {
        row["recording_id"]: row["certificate"]
        for row in tables.get("disposal", [])
        if row["certificate"] and hashlib.sha256(base64.b64decode(row["certificate"])).hexdigest() in vouched
    }
    vkey = vkey_file.read_text("ascii").strip().splitlines()[-1]
    recordings = sorted(tables.get("recording", []), key=lambda row: row["id"])
    for row in recordings:
        if problem := problem_of(row, sealed, destroyed, vkey):
            say(f"{row['id']}: {problem}")
    for id_ in sealed.keys() - {row["id"] for row in recordings}:
        say(f"{id_}: sealed, and no row of it")
    print(json.dumps(recordings, ensure_ascii=False, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
