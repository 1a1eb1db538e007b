"""Tests of a rebuild."""
