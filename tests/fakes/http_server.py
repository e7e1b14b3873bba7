"""HTTP servers on 127.0.0.1 that run a script for each request."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

Script = Callable[["Exchange"], None]

AUTHORITY = trustme.CA()
"""Issues the certificates of these servers; a new one for each run."""


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One request, and the ways in which a script can respond to it."""

    protocol_version = "HTTP/1.1"
    # Otherwise the body, written after the headers, waits 40 ms for the client's delayed ACK.
    disable_nagle_algorithm = True
    host: Host

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.host.received.append(Received(self.command, self.path, dict(self.headers), body))
        self.host.ports_used.add(self.client_address[1])
        self.host.script(self)

    do_POST = do_PUT = do_DELETE = do_GET

    def answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if status == 204 else body)

    def drip(self, head: bytes, drop: bytes) -> None:
        """Writes `head`, then `drop` every 20 ms until the client disconnects or the server stops."""
        self.close_connection = True
        try:
            self.wfile.write(head)
            while not self.host.is_over.wait(0.02):
                self.wfile.write(drop)
        except OSError:
            return

    def keep_silent(self) -> None:
        self.close_connection = True
        self.host.is_over.wait()

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores the error: in these tests clients disconnect on purpose."""


@dataclass
class Host:
    script: Script
    url: str = ""
    received: list[Received] = field(default_factory=list)
    ports_used: set[int] = field(default_factory=set)
    is_over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(script: Script | None = None, *, tls: bool = False) -> Iterator[Host]:
    host = Host(script or (lambda exchange: exchange.answer(200)))
    handler = type("Handler", (Exchange,), {"host": host})
    server = _Server(("127.0.0.1", 0), handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    host.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        host.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def accepting_only() -> Iterator[str]:
    """The address of a listener that accepts connections and never sends anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def nobody() -> Iterator[str]:
    """A URL that refuses connections inside this context."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
