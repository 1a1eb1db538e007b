"""Tests of the house itself: sizes, floors, routes."""
