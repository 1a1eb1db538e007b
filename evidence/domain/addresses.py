"""Addresses of engines: what of them may be shown, and which hold a secret.

A database's, a vault's, a queue's: "scheme://user:password@host:port/name?options", RFC 3986. Not here: what
an address leads to (evidence/settings.py, storage/opening.py).
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

# What of the options says where an engine is; the others say how to talk to it, some of them secrets.
_WHERE = ("host", "hostaddr", "port", "dbname", "service")
_SECRET = {"password", "sslpassword"}


def place(url: str) -> str:
    """Return where an engine is, without user, password and options: fit for a log, a file, a terminal."""
    parts = _parts(url)
    if parts is None:
        return "?"
    where = [pair for pair in parse_qsl(parts.query) if pair[0] in _WHERE]
    options = f"?{urlencode(sorted(where))}" if where else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}{options}"


def is_readable(url: str) -> bool:
    """Tell whether an address has the parts of one. A password with "/", "#", "?" in it that is not
    percent-encoded makes another address of it, and parts of the password would pass for host and name.
    """
    return _parts(url) is not None


def holds_password(url: str) -> bool:
    """Tell whether an address holds a password itself, or may do so."""
    parts = _parts(url)
    if parts is None:
        return True
    return parts.password is not None or any(name in _SECRET for name, _ in parse_qsl(parts.query))


def is_origin(url: str) -> bool:
    """Tell whether this is what a browser calls the origin of a site: https, or http on this machine only."""
    parts = _parts(url)
    if parts is None or not parts.hostname or parts.username is not None or url != url.lower():
        return False
    is_local = parts.hostname in ("localhost", "127.0.0.1")
    has_scheme = parts.scheme == "https" or (parts.scheme == "http" and is_local)
    return has_scheme and url == f"{parts.scheme}://{parts.netloc}"


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:  # its text holds parts of the URL
        return None
    user, _, host = parts.netloc.rpartition("@")
    is_cut = parts.netloc and not user and "@" in parts.path + parts.fragment
    return None if is_cut or parts.fragment or "@" in user or not parts.scheme else parts
