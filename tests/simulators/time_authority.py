"""A time-stamping authority of our own: `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[stamps]
default_policy = 1.2.3.4.1
digests = sha256
serial = {folder}/serial
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class TimeAuthority:
    """Answers on a port of its own until it is closed. status: what it answers with."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.status, self.asked = folder, 200, 0
        folder.mkdir()
        (folder / "serial").write_text("01\n")
        (folder / "config").write_text(_CONFIG.format(folder=folder))
        self._make("ca", "/CN=authority", ["-x509", "-days", "30", "-extensions", "ca"])
        self._make("tsa", "/CN=stamps", [])
        self._openssl(
            "x509", "-req", "-in", "tsa.out", "-CA", "ca.out", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "30", "-extfile", "config", "-extensions", "tsa", "-out", "tsa.pem",
        )  # fmt: skip
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = outer.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/stamps"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def certificate(self) -> Path:
        """The certificate to pin."""
        return self.folder / "ca.out"

    def answer(self, query: bytes) -> bytes:
        """Answer a query."""
        self.asked += 1
        (self.folder / "query").write_bytes(query)
        self._openssl(
            "ts", "-reply", "-config", "config", "-section", "stamps", "-queryfile", "query",
            "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply", "-sha256",
        )  # fmt: skip
        return (self.folder / "reply").read_bytes()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def _make(self, name: str, subject: str, more: list[str]) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
        words = [*key, "-subj", subject, *more, "-config", "config", "-out", f"{name}.out"]
        self._openssl("req", "-new", *words)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)
