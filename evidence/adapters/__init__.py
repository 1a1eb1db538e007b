"""Machines: SQL, ffmpeg, keys, clock, queue. Each keeps a promise that evidence/service/ports.py names."""
