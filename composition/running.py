"""Starts and stops the parts that `compose` has built, in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from handlers.directory import Identity
from handlers.socket_mode import SocketConnection
from recordings.errors import StorageUnavailable
from storage.database import Database, migrate_when_possible
from web.server import WebServer

_DRAIN_SECONDS = 6.0
"""How long running steps may take to reach a safe point."""
_RESIGN_SECONDS = 2.0
"""How long a database that hangs may delay the end of the process."""
_log = structlog.get_logger("bot")


@dataclass(slots=True)
class Running:
    """The parts that have to be started and stopped."""

    web: WebServer
    identity: Identity
    database: Database
    socket: SocketConnection | None
    dispatcher: Dispatcher
    scheduler: BackgroundScheduler
    leadership: Leadership
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _stopping: bool = False

    def start(self) -> None:
        self.web.start()
        self.identity.start()
        # Slack is connected while the tables can't be made, so that a command is answered: nothing can be saved now.
        migrate_when_possible(self.database, on_failure=self._connect)
        self._connect()
        # A scheduler counts as running before its thread does, and `stop` may come from another thread in between.
        with self._guard:
            if not self._stopping:
                self.dispatcher.start()
                self.scheduler.start()

    @property
    def is_ready(self) -> bool:
        """Whether this process is connected to Slack and leads."""
        connected = self.socket is None or self.socket.connected
        return connected and not self.identity.problem and self.leadership.epoch() is not None

    def stop(self) -> None:
        """Takes no new work, waits a few seconds for running steps, and releases the lease."""
        with self._guard:
            self._stopping = True
        # Closing a socket takes seconds too; they run beside those of the dispatcher.
        closing = threading.Thread(target=self._disconnect, name="close", daemon=True)
        closing.start()
        self.dispatcher.drain(_DRAIN_SECONDS)
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)
        resigning = threading.Thread(target=self._resign, name="resign", daemon=True)
        resigning.start()
        resigning.join(_RESIGN_SECONDS)
        closing.join(0.5)

    def _resign(self) -> None:
        """Runs in a thread of its own: each of these may hang."""
        try:
            self.leadership.resign()
        except StorageUnavailable as error:
            _log.warning("lease_not_handed_over", error=str(error))
        self.database.close()
        self.web.close()

    def _connect(self) -> None:
        if self.socket is not None:
            self.socket.start()

    def _disconnect(self) -> None:
        if self.socket is not None:
            self.socket.close()
