"""The reader of the Compose file knows a few forms exactly, and refuses the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compose.reading import ComposeError, bytes_of, fill_in, read, read_environment, seconds_of


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a${X}b", "a1b"),
        ("${X:-2}", "1"),
        ("${Y:-2}", "2"),
        ("${EMPTY:-2}", "2"),
        ("${Y:-}", ""),
        ("${Y}", None),
        ("${X:?why}", "1"),
        ("$$(cat ${X})", "$(cat 1)"),
        ("image@${X:?the digest, see docs}:2", "image@1:2"),
    ],
)
def test_variables_are_put_in_as_compose_does(text: str, filled: str | None) -> None:
    if filled is None:  # compose would put in nothing and warn; here every variable has a value or a default
        with pytest.raises(ComposeError):
            fill_in(text, {"X": "1", "EMPTY": ""})
    else:
        assert fill_in(text, {"X": "1", "EMPTY": ""}) == filled


@pytest.mark.parametrize("text", ["$X", "${X-2}", "${X:+2}", "${X?no}", "${x}", "${X", "${X:-${Y}}", "50$"])
def test_unknown_forms_are_refused(text: str) -> None:
    with pytest.raises(ComposeError, match="unknown form"):
        fill_in(text, {"X": "1"})


@pytest.mark.parametrize("variables", [{}, {"X": ""}])
def test_a_variable_that_is_needed_stops_everything_and_says_why(variables: dict[str, str]) -> None:
    with pytest.raises(ComposeError, match="X is missing: the digest"):
        fill_in("${X:?the digest}", variables)


def test_an_unknown_key_of_a_service_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text("services: {a: {image: x, privileged: true}}\n")
    with pytest.raises(ComposeError, match="privileged"):
        read({}, file)


def test_the_file_does_not_start_without_the_operators_digests() -> None:
    from tests.compose.reading import EXAMPLE

    with pytest.raises(ComposeError, match="_DIGEST is missing: the digest of"):
        read(read_environment(EXAMPLE))


@pytest.mark.parametrize("line", ["X='1'", "X = 1", "export X=1", "X=$Y", "x=1", "X"])
def test_an_env_file_of_another_form_is_refused(line: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(f"# comment\n\nA=1\n{line}\n")
    with pytest.raises(ComposeError):
        read_environment(file)


def test_sizes_and_durations_are_read() -> None:
    assert [bytes_of(text) for text in ("64m", "2g", "1k")] == [64 << 20, 2 << 30, 1024]
    assert [seconds_of(text) for text in ("30s", "2m", "1m30s")] == [30, 120, 90]
    with pytest.raises(ComposeError):
        seconds_of("1h")
