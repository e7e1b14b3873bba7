"""An HTTP server on 127.0.0.1 that can be taken down and brought up again on the same port."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

HOST = "127.0.0.1"


class HttpAnswer(Protocol):
    """An HTTP answer."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def content(self) -> tuple[bytes, str]:
        """The bytes to send and their content type."""
        ...


Handle = Callable[[str, str, Mapping[str, str], bytes], HttpAnswer | None]
"""Method, target, headers (lower-case names) and body to an answer; None closes the connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.handle(self.command, self.path, headers, content)
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _send(self, answer: HttpAnswer) -> None:
        content, content_type = answer.content()
        self.send_response(answer.status)
        own = {"Content-Type": content_type, "Content-Length": str(len(content)), "X-Request-ID": secrets.token_hex(16)}
        for name, value in {**own, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the simulators log requests themselves."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sock: socket.socket, handle: Handle) -> None:
        super().__init__(sock.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = sock
        self.server_name, self.server_port = sock.getsockname()[:2]
        self.handle = handle
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client has closed it

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # the client has closed the connection
            super().handle_error(request, client_address)


class Listener:
    """One address of a server; while it is down, connections are refused and the port stays reserved."""

    def __init__(self, port: int, handle: Handle) -> None:
        self._handle = handle
        self._server: _Server | None = None
        self._reserved = _bound(port)
        self.port: int = self._reserved.getsockname()[1]

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_up(self) -> bool:
        """Whether it takes connections."""
        return self._server is not None

    def up(self) -> None:
        """Take connections."""
        if self._server is None:
            self._server = _Server(self._reserved, self._handle)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()
            server.close_connections()
            self._reserved = _bound(self.port)

    def close(self) -> None:
        """Down for good."""
        self.down()
        self._reserved.close()


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    return sock
