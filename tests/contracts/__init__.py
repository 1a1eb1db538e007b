"""Suites that hold every backend of a contract to the same rules; test modules inherit from them."""
