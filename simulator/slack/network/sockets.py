"""Socket Mode: tickets, the connections of the app, and which of them an envelope goes to."""

from __future__ import annotations

import itertools
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from simulator.slack.http import Json, Request, Response
from simulator.slack.network.websocket import Order, WebSocket
from simulator.slack.workspace.workspace import Workspace

Reason = Literal["warning", "refresh_requested", "too_many_websockets"]
OnFrame = Callable[[Json, str], None]
"""A frame of the app, and the id of its connection."""


@dataclass(eq=False)
class Connection:
    """One socket of the app. `draining`: it was asked to reconnect, and gets envelopes only if it is the last one."""

    id: str
    socket: WebSocket = field(repr=False)
    opened_at: float = field(default_factory=time.time)
    closed_at: float | None = None
    draining: bool = False
    sent: int = 0

    @property
    def open(self) -> bool:
        return self.closed_at is None and self.socket.ended_by is None

    def send(self, frame: Json) -> bool:
        self.sent += 1
        return self.socket.send(json.dumps(frame, ensure_ascii=False))

    def as_json(self) -> Json:
        facts = {name: value for name, value in vars(self).items() if name != "socket"}
        return {**facts, "open": self.open, "silent": self.socket.silent, "ended_by": self.socket.ended_by}


class SocketMode:
    """Slack's side of all Socket Mode connections."""

    def __init__(self, workspace: Workspace, *, max_connections: int = 10, drain_seconds: float = 10.0) -> None:
        self._workspace = workspace
        self._tickets: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._turn = 0
        self.max_connections = max_connections
        self.drain_seconds = drain_seconds
        self.ticket_seconds = 30.0
        self.ping_seconds = 10.0
        self.connections: list[Connection] = []
        self.on_frame: OnFrame | None = None

    def new_ticket(self) -> str:
        ticket = secrets.token_hex(8)
        with self._workspace.changes:
            self._tickets[ticket] = time.monotonic()
        return ticket

    @property
    def live(self) -> list[Connection]:
        """The open connections, oldest first, also silent ones: Slack does not know that they are dead."""
        with self._workspace.changes:
            return [connection for connection in self.connections if connection.open]

    def handle(self, request: Request, sock: socket.socket) -> Response | None:
        """The handshake, and then the connection until it ends."""
        key = request.header("Sec-WebSocket-Key")
        if request.header("Upgrade").lower() != "websocket" or not key:
            return Response(426, b"Upgrade Required", "text/plain")
        if not self._redeem(request.query.get("ticket", "")):
            return Response(408, b"Request Timeout", "text/plain")
        connection = Connection(f"c{next(self._numbers)}", WebSocket(sock, key, ping_seconds=self.ping_seconds))
        try:
            connection.socket.accept()
            if self._admit(connection):
                self._run(connection)
            else:
                connection.send(self._goodbye("too_many_websockets"))
        finally:
            connection.socket.close()
        return None

    def _redeem(self, ticket: str) -> bool:
        with self._workspace.changes:
            issued = self._tickets.pop(ticket, None)
        return issued is not None and time.monotonic() - issued < self.ticket_seconds

    def _admit(self, connection: Connection) -> bool:
        with self._workspace.changes:
            count = len(self.live)
            if count >= self.max_connections:
                return False
            connection.send(self._hello(count + 1))
            self.connections.append(connection)
            self._workspace.changes.announce("connection", connection.id)
            return True

    def _run(self, connection: Connection) -> None:
        try:
            connection.socket.serve(lambda text: self._received(text, connection))
        finally:
            with self._workspace.changes:
                connection.closed_at = time.time()
                self._workspace.changes.announce("connection", connection.id)

    def _received(self, text: str, connection: Connection) -> None:
        frame = json.loads(text) if text.startswith("{") else {"text": text}
        if self.on_frame:
            self.on_frame(frame, connection.id)

    def _hello(self, count: int) -> Json:
        return {
            "type": "hello",
            "num_connections": count,
            "debug_info": {"host": "applink-simulated", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._workspace.app_id},
        }

    def _goodbye(self, reason: Reason) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-simulated"}}

    def choose(self, wanted: str | None = None) -> Connection | None:
        """The connection for the next envelope: the named one, or each in turn; draining ones only without others."""
        with self._workspace.changes:
            live = [connection for connection in self.live if wanted in (None, connection.id)]
            live = [connection for connection in live if not connection.draining] or live
            self._turn += 1
            return live[self._turn % len(live)] if live else None

    def refresh(self, connection: str | None = None, reason: Reason = "refresh_requested") -> None:
        """Ask the connections to reconnect; with `refresh_requested` they are closed after a while."""
        for each in self._named(connection):
            each.draining = reason == "refresh_requested"
            each.send(self._goodbye(reason))
            if each.draining:
                timer = threading.Timer(self.drain_seconds, each.socket.order, args=("close",))
                timer.daemon = True
                timer.start()

    def close(self, connection: str | None = None) -> None:
        """Send a close frame."""
        self._order("close", connection)

    def reset(self, connection: str | None = None) -> None:
        """Reset the TCP connection, without a close frame."""
        self._order("reset", connection)

    def silence(self, connection: str | None = None) -> None:
        """Half open: everything sent is lost, either way, and neither side is notified."""
        self._order("silence", connection)

    def drop(self, connection: str | None = None) -> None:
        """The end of the TCP stream (FIN) without a close frame; plain Bolt takes longest to notice that."""
        self._order("drop", connection)

    def _order(self, order: Order, connection: str | None) -> None:
        for each in self._named(connection):
            each.socket.order(order)
        if order != "silence":
            return
        self._workspace.changes.wait_for(
            lambda: all(each.socket.silent or not each.open for each in self._named(connection)), 10
        )

    def _named(self, connection: str | None) -> Iterable[Connection]:
        return [each for each in self.live if connection in (None, each.id)]
