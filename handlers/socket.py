"""Socket Mode: the connection to Slack, kept up from a thread of its own."""

from __future__ import annotations

import threading
from http.client import HTTPException

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackClientError

_THREADS = 24
_PING_SECONDS = 3.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_log = structlog.get_logger(__name__)


class Socket:
    """Connects as soon as Slack lets it, with back-off; the SDK reconnects from then on."""

    def __init__(self, app: App, app_token: str) -> None:
        self._handler = SocketModeHandler(
            app, app_token, concurrency=_THREADS, ping_interval=_PING_SECONDS, auto_reconnect_enabled=True
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="socket", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def connected(self) -> bool:
        client = self._handler.client
        return client.current_session is not None and client.is_connected()

    def close(self) -> None:
        """Takes no more requests. Never raises: the SDK does where it meets a reconnect."""
        self._closing.set()
        try:
            self._handler.close()  # type: ignore[no-untyped-call]
        except (SlackClientError, OSError, HTTPException, AttributeError) as error:
            _log.info("socket_close", error=type(error).__name__)

    def _connect(self) -> None:
        wait = _FIRST_WAIT
        while not self._closing.is_set():
            try:
                self._handler.connect()  # type: ignore[no-untyped-call]
            except (SlackClientError, OSError, HTTPException, ValueError) as error:
                _log.warning("socket_not_connected", error=type(error).__name__, again_in=wait)
                self._closing.wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                _log.info("socket_connected")
                return
