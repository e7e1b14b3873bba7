"""HTTP on 127.0.0.1: one thread and one request for each connection, and full control over its end."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.slack.http import Request, Response

HOST = "127.0.0.1"
log = logging.getLogger("simulator.slack")

Application = Callable[[Request, socket.socket], Response | None]
"""Answers a request; it may take the connection over (WebSocket)."""


class HttpServer:
    """A server that can be taken down (connection refused) and brought up again on the same port."""

    def __init__(self, application: Application, port: int = 0) -> None:
        self.application = application
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._socket.listen(256)
            self._thread = threading.Thread(target=self._accept, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Refuse connections, but keep the port: a bound socket that does not listen."""
        if self._thread is not None:
            self._wake.send(b"!")
            self._thread.join()
            self._thread = None
            self._socket.close()
            self._socket = _bound(self.port)

    def close(self) -> None:
        self.stop()
        for each in (self._socket, self._wake, self._woken):
            each.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self._socket for key, _ in selector.select()):
                connection, peer = self._socket.accept()
                threading.Thread(target=self._handle, args=(connection, peer), daemon=True).start()
            self._woken.recv(1)

    def _handle(self, connection: socket.socket, peer: Any) -> None:
        # Closed without shutdown(): a connection that will be reset must not send a FIN first.
        with connection, contextlib.suppress(ConnectionError, TimeoutError):
            _Handler(connection, peer, self)


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
    except OSError:
        sock.close()
        raise
    return sock


class _Handler(BaseHTTPRequestHandler):
    """Reads one request, writes one answer."""

    protocol_version = "HTTP/1.1"
    timeout = 30.0

    def __init__(self, connection: socket.socket, peer: Any, server: HttpServer) -> None:
        self._application = server.application
        super().__init__(connection, peer, server)  # type: ignore[arg-type]  # it is only kept as an attribute

    def _serve(self) -> None:
        self.close_connection = True
        response = self._application(self._read(), self.connection)
        if response is not None:
            self._write(response)

    do_GET = do_POST = _serve

    def _read(self) -> Request:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, url.path, query, headers, body)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("Connection", "close")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
