"""The verifier of evidence packages: Python 3.8 or newer, and nothing else. 证据包校验程序，只需 Python 3.8。

    python3 verify.py [--trust FILE | --vkey VKEY] [--json] [BAG ...]

It reads a package (docs/formats/package.md) and says in nine steps whether all of it agrees: files,
digests, the log's entries and proofs, what is left out, the report. It opens no connection and writes
nothing. It shares no line with the program that wrote the package.
"""
