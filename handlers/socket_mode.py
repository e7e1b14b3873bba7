"""Socket Mode: the connection to Slack, supervised by a thread of our own.

The SDK notices a dead connection after four ping intervals and a closed one at the next ping, and it reads nothing from
a new connection until a read of the old one has timed out. Slack waits 3 seconds for an answer, so both lose commands.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from http.client import HTTPException

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.builtin.client import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

_THREADS = 24
_PING_SECONDS = 3.0
_SILENT_SECONDS = 7.0
"""Without a pong for this long the connection is dead: two pings were not answered."""
_CHECK_SECONDS = 0.25
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_log = structlog.get_logger(__name__)


class _Client(SocketModeClient):
    """The SDK's client, but it reads from a new connection at once."""

    def connect(self) -> None:
        old, state = self.current_session, self.current_session_state
        fresh = self._new_connection()
        if not fresh.is_active():
            raise ConnectionError("Slack did not take the connection")
        state.terminated = True
        if old is not None:
            _end_reading(old)
            old.close()
        self.current_session = fresh
        self.current_session_state = ConnectionState()  # type: ignore[no-untyped-call]

    def _new_connection(self) -> Connection:
        if self.wss_uri is None:
            self.wss_uri = self.issue_new_wss_url()
        connection = Connection(
            url=self.wss_uri,
            logger=self.logger,
            ping_interval=self.ping_interval,
            receive_buffer_size=self.receive_buffer_size,
            proxy=self.proxy,
            on_message_listener=self._on_message,
            on_error_listener=self._on_error,
            ssl_context=self.web_client.ssl,
        )
        connection.connect()
        return connection


def _end_reading(connection: Connection) -> None:
    # The reader holds the lock that `close` needs for up to 3 seconds.
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _has_ended(connection: Connection) -> bool:
    """Whether Slack has closed its end of the stream.

    The SDK's reader spins on the end of the stream, and only the second ping after it fails. A peek at a copy of the
    descriptor disturbs neither the reader nor TLS.
    """
    sock = connection.sock
    try:
        with socket.socket(fileno=os.dup(sock.fileno() if sock is not None else -1)) as copy:
            return copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class SocketConnection:
    """Connects as soon as Slack allows it, and again when the connection is lost or silent, or Slack replaces it."""

    def __init__(self, app: App, app_token: str) -> None:
        self._app = app
        self._client = _Client(
            app_token=app_token, web_client=app.client, ping_interval=_PING_SECONDS, concurrency=_THREADS
        )
        self._client.socket_mode_request_listeners.append(self._answer)
        self._closing = threading.Event()
        self._connected_at = self._pinged_at = 0.0
        self._thread = threading.Thread(target=self._supervise, name="socket", daemon=True)

    def start(self) -> None:
        """Does nothing if the thread runs already."""
        if self._thread.ident is None:
            self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether a pong came recently: an open socket alone proves little."""
        session = self._client.current_session
        if session is None or not session.is_active():
            return False
        last_pong_at = max(session.last_ping_pong_time or 0.0, self._connected_at)
        if session.consecutive_check_state_error_count > 0 or _has_ended(session):
            return False
        return time.time() - last_pong_at < _SILENT_SECONDS

    def close(self) -> None:
        """Accepts no more requests. Never raises: the SDK does if it is reconnecting."""
        self._closing.set()
        session = self._client.current_session
        if session is not None:
            _end_reading(session)
        try:
            self._client.close()
        except (SlackClientError, OSError, AttributeError, RuntimeError) as error:
            _log.info("socket_close", error=type(error).__name__)

    def _answer(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        received_at = time.time()
        send_response(client, request, run_bolt_app(self._app, request), received_at)

    def _supervise(self) -> None:
        wait = _FIRST_WAIT
        while not self._closing.is_set():
            if self.connected:
                self._keep_alive()
                wait = _FIRST_WAIT
                self._closing.wait(_CHECK_SECONDS)
            elif not self._connect():
                _log.warning("socket_not_connected", again_in=wait)
                self._closing.wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    def _keep_alive(self) -> None:
        session = self._client.current_session
        if session is not None and time.time() >= self._pinged_at + _PING_SECONDS:
            self._pinged_at = time.time()
            session.check_state()

    def _connect(self) -> bool:
        try:
            self._client.connect_to_new_endpoint(force=True)
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            _log.warning("socket_refused", error=type(error).__name__)
            return False
        self._connected_at = time.time()
        _log.info("socket_connected")
        return True
