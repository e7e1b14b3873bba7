"""An S3 storage that denies every request, for tests that need no files."""

from __future__ import annotations

import functools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class _Denies(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(403)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(_DENIED)))
        self.end_headers()
        self.wfile.write(_DENIED)

    do_GET = do_PUT = do_DELETE = do_HEAD = _answer

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@functools.cache
def closed_bucket() -> dict[str, str]:
    """The settings of the storage, which runs until the process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Denies)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"STORAGE_VENDOR": "s3", "STORAGE_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}"}
