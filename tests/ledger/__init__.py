"""Tests of the log as arithmetic, file for file."""
