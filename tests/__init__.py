"""Tests: sentences about behaviour, in the same order of rooms as the code."""
