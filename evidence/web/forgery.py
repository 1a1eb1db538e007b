"""Against requests that a foreign page makes a browser send: what the browser itself says of their origin.

Source: OWASP ASVS 5.0, 3.5.1; W3C Fetch Metadata Request Headers; RFC 6454. The session's own token against
forgery comes beside it (deps.py).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from evidence.errors import Refused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def verify_same_origin(request: Request) -> None:
    """Refuse what does not say that it comes from a page of this service. Raises: Refused("forged-request").

    Browsers tell by Sec-Fetch-Site, older ones by Origin only; a foreign page can set neither, nor Host.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Refused("forged-request")
    if origin is None:
        if site is None:
            raise Refused("forged-request")
        return
    try:
        claimed, host = urlsplit(origin), request.headers.get("host", "")
    except ValueError:  # "http://[": no browser says that
        raise Refused("forged-request") from None
    is_here = bool(host) and claimed.netloc == host
    # Behind a proxy that ends TLS the scheme here is another one; Sec-Fetch-Site has then compared it.
    if not is_here or (site is None and claimed.scheme != request.url.scheme):
        raise Refused("forged-request")
