"""deploy/Dockerfile: everything by hash or digest, nothing of the tests, an account that is not root."""

from __future__ import annotations

import fnmatch
import re
import tomllib

from tests.compose.reading import ROOT

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
LOCK = (ROOT / "deploy/requirements.lock").read_text("utf-8")
WHOLE = (ROOT / "requirements.lock").read_text("utf-8")


def pins(lock: str) -> set[str]:
    """Return "name==version" of each package of a lock."""
    return set(re.findall(r"^([a-z0-9.-]+==[^ ;\\]+)", lock, re.MULTILINE))


def test_the_images_packages_are_the_tested_ones_and_none_of_the_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    dev = {re.split(r"[\[>=<]", one)[0] for one in project["optional-dependencies"]["dev"]}
    needed = {re.split(r"[\[>=<;]", one)[0] for one in project["dependencies"]}
    names = {pin.partition("==")[0] for pin in pins(LOCK)}
    assert pins(LOCK) <= pins(WHOLE), "made again with `./dev.sh lock`? then make this one again too"
    assert needed <= names
    assert not dev & names


def test_the_lock_holds_hashes_and_no_address() -> None:
    assert "://" not in LOCK
    entries = re.split(r"^(?=[a-z0-9.-]+==)", LOCK, flags=re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if entry)


def test_the_base_is_taken_by_digest_alone() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert set(bases) == {"docker.io/library/python@${PYTHON_DIGEST}"}
    assert "# syntax" not in DOCKERFILE, "that would fetch a program by tag"


def test_the_packages_are_wheels_by_hash_and_pip_does_not_stay() -> None:
    for words in ("--require-hashes", "--only-binary :all:", "uninstall -y --quiet setuptools pip"):
        assert words in DOCKERFILE
    last = DOCKERFILE.split("FROM ")[-1]
    assert not re.search(r"gcc|build-essential|-dev\b|pip install", last)


def test_it_runs_as_the_account_of_the_compose_file_and_says_its_licence() -> None:
    assert DOCKERFILE.rindex("USER 10001:10001") > DOCKERFILE.rindex("RUN ")
    assert 'org.opencontainers.image.licenses="Apache-2.0"' in DOCKERFILE


def test_the_sandboxs_code_is_compiled_before_the_root_is_read_only() -> None:
    assert DOCKERFILE.index("COPY evidence ") < DOCKERFILE.index("-m compileall")


def test_what_is_copied_is_let_in_and_little_else_is() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = [line[1:] for line in ignore if line.startswith("!")]
    assert ignore[1] == "*"
    for source in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE):
        assert any(fnmatch.fnmatch(source, one) for one in let_in), source
    assert not {"tests", ".env", "docs", ".git"} & set(let_in)
