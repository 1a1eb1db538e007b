"""Watching over access: admission, classes, emergencies, denied tries, looks, samples."""
