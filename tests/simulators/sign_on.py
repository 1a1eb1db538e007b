"""Providers of single sign-on: the real one of npm in a process of its own, and one that lies as told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests import forms
from tests.npm import node_for

SCRIPTS = Path(__file__).parents[1] / "oidc"
CLIENT, SECRET = "evidence", "a secret of forty characters for one test"


class RealProvider:
    """The npm package oidc-provider: whoever asks is signed in as `account`, by the methods `amr`."""

    def __init__(self, port: int, public_url: str, account: str, amr: tuple[str, ...] = ("pwd",)) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        order = {
            "port": port,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uri": f"{public_url}/sign-in/oidc/return",
            "after": f"{public_url}/sign-in",
            "account": account,
            "amr": list(amr),
        }
        self._words = [node_for(SCRIPTS), "provider.mjs", json.dumps(order)]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> RealProvider:
        self._process = subprocess.Popen(
            self._words, cwd=SCRIPTS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()


class Browser:
    """Follows redirects with cookies, within one host, and returns the first address that leads elsewhere."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def follow(self, address: str) -> str:
        """Go where an address leads, until it leads to another host."""
        home = urlsplit(address).netloc
        deadline = time.monotonic() + 30 * forms.PATIENCE
        while urlsplit(address).netloc == home:
            assert time.monotonic() < deadline, address
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            answer = httpx2.get(address, headers={"Cookie": cookies} if cookies else {}, timeout=30)
            for line in answer.headers.get_list("set-cookie"):
                for name, morsel in SimpleCookie(line).items():
                    self._cookies[name] = morsel.value
            assert answer.is_redirect, (answer.status_code, answer.text[:2000])
            address = urljoin(address, answer.headers["location"])
        return address


@dataclass
class LyingProvider:
    """Speaks the protocol rightly but for what a test changes: claims, header, metadata, keys, status."""

    claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    algorithm: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)
    forged_key: bool = False
    status: int = 200
    asked: dict[str, list[str]] = field(default_factory=dict)  # of the token endpoint
    nonce: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))

    def __enter__(self) -> LyingProvider:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def document(self, path: str) -> dict[str, Any]:
        """Return what stands at a path."""
        if path == "/jwks":
            return {"keys": [self.key.as_dict(private=False)]}
        where = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token")}
        told = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **where}
        return {**told, "authorization_response_iss_parameter_supported": True, **self.metadata}

    def token(self, now: int) -> str:
        """Write an ID token."""
        right = {"iss": self.issuer, "sub": "acc-1", "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = self.claims({**right, "nonce": self.nonce})
        if self.algorithm == "none":
            return f"{_text({'alg': 'none'})}.{_text(claims)}."
        if self.algorithm == "HS256":  # signed with what everybody may know: the public key
            head = f"{_text({'alg': 'HS256', 'kid': 'k1'})}.{_text(claims)}"
            signed = hmac.new(self.key.as_pem(private=False), head.encode(), hashlib.sha256).digest()
            return f"{head}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"
        key = RSAKey.generate_key(2048) if self.forged_key else self.key
        return jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, key)


def _text(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _handler(provider: LyingProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(provider.document(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.asked = parse_qs(body)
            token = provider.token(int(time.time()))
            self._say({"access_token": "a", "token_type": "Bearer", "id_token": token})

        def _say(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(provider.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
