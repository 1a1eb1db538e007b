"""Tests of the use cases, on a small real site."""
