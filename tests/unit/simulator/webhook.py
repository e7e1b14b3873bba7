"""A webhook that writes down what it gets, and answers as a test wants."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Got(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def notice(self) -> Any:
        return json.loads(self.content)

    @property
    def event(self) -> int:
        return int(self.notice["eventType"])

    @property
    def payload(self) -> Any:
        return self.notice["payload"]

    @property
    def details(self) -> Any:
        return self.payload["details"]

    def signed(self, secret: str) -> tuple[bool, bool]:
        """Whether the first, and whether the second signature is right."""
        pairs = (("agora-signature", hashlib.sha1), ("agora-signature-v2", hashlib.sha256))
        first, second = (
            self.headers[name] == hmac.new(secret.encode(), self.content, kind).hexdigest() for name, kind in pairs
        )
        return first, second


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # Agora has hung up
            super().handle_error(request, client_address)


class Webhook:
    """A server on 127.0.0.1."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.statuses: list[int] = []
        """The next answers; 200 after them."""
        self.open = threading.Event()
        """While it is not set, nobody is answered."""
        self.open.set()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/agora?from=ncs"

    def events(self) -> list[int]:
        return [got.event for got in self.got]

    def of(self, event: int) -> list[Got]:
        return [got for got in self.got if got.event == event]

    def only(self, event: int) -> Got:
        (got,) = self.of(event)
        return got

    def details(self, event: int) -> list[Any]:
        """What those say, their names apart."""
        return [{name: each for name, each in got.details.items() if name != "msgName"} for got in self.of(event)]

    def without(self, *events: int) -> list[int]:
        return [event for event in self.events() if event not in events]

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.got.append(Got(self.path, {k.lower(): v for k, v in self.headers.items()}, content))
                webhook.open.wait(5)
                self.send_response(webhook.statuses.pop(0) if webhook.statuses else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:
                """What it got is the log."""

        return Handler


def ordered(numbers: Iterable[int]) -> bool:
    """Whether they count up from 0."""
    listed = list(numbers)
    return listed == list(range(len(listed)))
