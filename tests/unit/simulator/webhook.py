"""A webhook that records what it receives and answers as a test wants, in the test's process or on the network."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from simulator.agora import WebhookRequest

URL = "http://bot.invalid/agora?from=ncs"


class Received(NamedTuple):
    """One request."""

    headers: dict[str, str]
    content: bytes

    @property
    def message(self) -> Any:
        return json.loads(self.content)

    @property
    def event(self) -> int:
        return int(self.message["eventType"])

    @property
    def payload(self) -> Any:
        return self.message["payload"]

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


class Webhook:
    """Without a network: `post` is given to the simulator."""

    url = URL

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        """The next answers; 200 after them."""

    def post(self, request: WebhookRequest) -> tuple[int | None, str]:
        assert request.url == self.url
        self.add(dict(request.headers), request.body)
        return self.next_status(), "{}"

    def add(self, headers: dict[str, str], content: bytes) -> None:
        self.received.append(Received({name.lower(): value for name, value in headers.items()}, content))

    def next_status(self) -> int:
        return self.statuses.pop(0) if self.statuses else 200

    def events(self) -> list[int]:
        return [received.event for received in self.received]

    def of(self, event: int) -> list[Received]:
        return [received for received in self.received if received.event == event]

    def only(self, event: int) -> Received:
        (received,) = self.of(event)
        return received

    def details(self, event: int) -> list[Any]:
        """The details of that event's notifications, without their names."""
        return [{name: each for name, each in one.details.items() if name != "msgName"} for one in self.of(event)]

    def without(self, *events: int) -> list[int]:
        return [event for event in self.events() if event not in events]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # the simulator has hung up
            super().handle_error(request, client_address)


class WebhookServer(Webhook):
    """On 127.0.0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.answering = threading.Event()
        """While it is not set, requests wait for their answers."""
        self.answering.set()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/agora?from=ncs"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/agora?from=ncs"
                webhook.add(dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
                webhook.answering.wait(5)
                self.send_response(webhook.next_status())
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: `received` is the log."""

        return Handler


def ordered(numbers: Iterable[int]) -> bool:
    """Whether they count up from 0."""
    listed = list(numbers)
    return listed == list(range(len(listed)))
