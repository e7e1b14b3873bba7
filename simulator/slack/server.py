"""Serves a simulated Slack on 127.0.0.1: Web API, Socket Mode, response_urls, signed requests, the control API."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from simulator.changes import Change
from simulator.slack.control_api import PREFIX, ControlApi
from simulator.slack.http import Request, Response
from simulator.slack.network.http_server import HOST, HttpServer
from simulator.slack.network.sockets import Connection, SocketMode
from simulator.slack.network.transport import NetworkTransport
from simulator.slack.simulator import SlackSimulator

_TICK = 0.02
"""Seconds between two looks for events to repeat."""


class SlackServer:
    """`with SlackServer(SlackSimulator(…)) as server:`; people and faults are controlled by `server.simulator`."""

    def __init__(self, simulator: SlackSimulator | None = None, *, port: int = 0, control_port: int = 0) -> None:
        self.simulator = simulator or SlackSimulator()
        workspace, dispatcher = self.simulator.workspace, self.simulator.dispatcher
        self.sockets = SocketMode(workspace, max_connections=self.simulator.options.max_connections)
        self._transport = NetworkTransport(dispatcher, self.sockets)
        self._server = HttpServer(self._route, port)
        self._control_server = HttpServer(self._route_control, control_port)
        self._control_api = ControlApi(self.simulator, self.sockets, self.use_http)
        self._retries = threading.Thread(target=self._retry_events, daemon=True)
        self._stopping = threading.Event()
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> Self:
        self._server.start()
        self._control_server.start()
        self.simulator.base_url = f"http://{HOST}:{self.port}"
        self.simulator.open_connection = self._new_socket_url
        self.simulator.dispatcher.transport = self._transport
        self._unsubscribe = self.simulator.subscribe(self._on_change)
        self._retries.start()
        return self

    def stop(self) -> None:
        """End everything; can't be started again."""
        self._stopping.set()
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.simulator.release()
        self.sockets.drop()
        self._server.close()
        self._control_server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def control_url(self) -> str:
        """The base of the control API; it answers also while Slack is down (and on Slack's own port, while up)."""
        return f"http://{HOST}:{self._control_server.port}{PREFIX}"

    @property
    def connections(self) -> list[Connection]:
        """The open Socket Mode connections."""
        return self.sockets.live

    def wait_connected(self, count: int = 1, timeout: float = 10.0) -> list[Connection]:
        """Wait until the app has that many connections open."""
        return self.simulator.wait_for(
            lambda: self.connections if len(self.connections) >= count else [], timeout, "a connection"
        )

    def use_http(self, request_url: str | None) -> None:
        """Deliver to this URL as signed requests from now on; None: over Socket Mode again."""
        self._transport.request_url = request_url

    def _new_socket_url(self) -> str:
        app_id = self.simulator.workspace.app_id
        return f"ws://{HOST}:{self.port}/link/?ticket={self.sockets.new_ticket()}&app_id={app_id}"

    def _route(self, request: Request, connection: socket.socket) -> Response | None:
        if request.path.startswith(f"{PREFIX}/"):
            return self._control_api.handle(request)
        if request.path.strip("/").partition("/")[0] == "link":
            return self.simulator.guard("socket", lambda: self.sockets.handle(request, connection))
        return self.simulator.handle(request)

    def _route_control(self, request: Request, connection: socket.socket) -> Response:
        del connection
        return self._control_api.handle(request)

    def _on_change(self, change: Change) -> None:
        if change.kind == "reachability":
            (self._server.start if self.simulator.is_up else self._server.stop)()
            if change.subject == "all" and not self.simulator.is_up:
                self.sockets.reset()

    def _retry_events(self) -> None:
        while not self._stopping.wait(_TICK):
            self.simulator.retry_events()
