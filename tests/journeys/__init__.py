"""Whole ways through the system, each as a person meets it."""
