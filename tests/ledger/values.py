"""Values that canonical JSON takes, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from evidence.ledger.canonical import MAX_INTEGER

KEYS = st.text(st.characters(max_codepoint=127))
_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SCALAR = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | _TEXT
VALUES = st.recursive(_SCALAR, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)
