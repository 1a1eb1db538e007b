"""What the child starts with: compiled readers, and an `array` that brings nothing along."""

from __future__ import annotations

import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.adapters.probing import bytecode
from evidence.adapters.probing.bytecode import is_compiled, keep_compiled

CHECKOUT = Path(bytecode.__file__).resolve().parents[3]


def test_byte_code_counts_only_for_the_source_it_was_made_of(tmp_path: Path) -> None:
    source = tmp_path / "reader.py"
    source.write_text("FOUND = 1\n")
    assert not is_compiled(source)
    py_compile.compile(str(source), doraise=True)
    assert is_compiled(source)
    source.write_text("FOUND = 22\n")
    assert not is_compiled(source)


def test_after_the_first_probe_all_readers_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    keep_compiled.cache_clear()
    keep_compiled()
    assert all(is_compiled(source) for source in Path(bytecode.__file__).parent.glob("*.py"))


def test_the_child_loads_array_bare_and_whoever_asks_later_gets_the_real_collections() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(CHECKOUT)!r})
from evidence.adapters.probing import child
child._prepare()
assert "array" in sys.modules and "collections" not in sys.modules and "os" not in sys.modules
import evidence.adapters.probing.isomedia
assert not {{"collections", "os", "json", "re", "typing", "dataclasses"}} & set(sys.modules)
import collections.abc
assert isinstance({{}}, collections.abc.Mapping) and collections.OrderedDict()== {{}}
"""
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, timeout=60)
