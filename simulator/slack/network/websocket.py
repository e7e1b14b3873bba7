"""One WebSocket connection: frames in, frames out, and the ways in which it can go wrong."""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Literal

from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError, generate_accept_token

Order = Literal["close", "reset", "drop", "silence"]
LINGER_NOT = struct.pack("ii", 1, 0)


class WebSocket:
    """The server's end of a connection; `serve` runs in the connection's own thread until it ends."""

    def __init__(self, sock: socket.socket, key: str, *, ping_seconds: float = 10.0) -> None:
        self._sock = sock
        self._key = key
        self._ping_seconds = ping_seconds
        self._protocol = Protocol(ConnectionType.SERVER)
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._text = ""
        self.silent = False
        self.over = False
        self.ended_by: str | None = None
        self.pings = 0
        self.last_heard = time.monotonic()

    def accept(self) -> None:
        """Answer the handshake."""
        token = generate_accept_token(self._key.encode()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        self._sock.sendall("\r\n".join([*lines, f"Sec-WebSocket-Accept: {token}", "", ""]).encode())

    def send(self, text: str) -> bool:
        """Send a text frame; False if the connection has ended. A silent connection loses it, as a dead link does."""
        return self._send(TextMessage(data=text))

    def order(self, order: Order) -> None:
        """Ask the connection's thread to end or silence it."""
        self._orders.put(order)
        with contextlib.suppress(OSError):
            self._wake.send(b"!")

    def serve(self, on_text: Callable[[str], None]) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._sock, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                while not self.over:
                    self._turn(selector, on_text)
        finally:
            self.over = True

    def close(self) -> None:
        """Release its own sockets after the end; the connection itself belongs to the server."""
        self._wake.close()
        self._woken.close()

    def _turn(self, selector: selectors.BaseSelector, on_text: Callable[[str], None]) -> None:
        ready = selector.select(self._ping_seconds)
        if not ready or time.monotonic() - self.last_heard > self._ping_seconds:
            self._check_alive()
        for key, _ in ready:
            if key.fileobj is self._woken:
                self._woken.recv(1)
                self._obey(self._orders.get())
            elif not self.over:
                self._read(on_text)

    def _check_alive(self) -> None:
        if time.monotonic() - self.last_heard > 3 * self._ping_seconds and not self.silent:
            self._end("no pong from the client")
        else:
            self._send(Ping(payload=b"Ping from simulated Slack"))

    def _obey(self, order: Order) -> None:
        if order == "silence":
            self.silent = True
        elif order == "close":
            self._send(CloseConnection(code=1000, reason="closed by simulated Slack"))
            self.ended_by = "close frame"
        else:
            if order == "reset":
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self._end(order)

    def _read(self, on_text: Callable[[str], None]) -> None:
        try:
            data = self._sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._end("client")
        elif not self.silent:
            self.last_heard = time.monotonic()
            for event in self._parse(data):
                self._handle(event, on_text)

    def _parse(self, data: bytes) -> list[Event]:
        with self._lock:
            try:
                self._protocol.receive_data(data)
                return list(self._protocol.events())
            except RemoteProtocolError:
                return [CloseConnection(code=1002)]

    def _handle(self, event: Event, on_text: Callable[[str], None]) -> None:
        if isinstance(event, TextMessage):
            self._text += event.data
            if event.message_finished:
                text, self._text = self._text, ""
                on_text(text)
        elif isinstance(event, Ping):
            self.pings += 1
            self._send(Pong(payload=event.payload))
        elif isinstance(event, CloseConnection):
            if self._protocol.state is ConnectionState.REMOTE_CLOSING:
                self._send(event.response())
            self._end("client")

    def _send(self, event: Event) -> bool:
        if self.over:
            return False
        if self.silent:
            return True
        with self._lock:
            try:
                self._sock.sendall(self._protocol.send(event))
            except (OSError, LocalProtocolError):
                return False
        return True

    def _end(self, by: str) -> None:
        self.ended_by = self.ended_by or by
        self.over = True
