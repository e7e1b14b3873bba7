"""What runs: the parts that `composition` has built, started and stopped in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass

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
"""What is in hand may take this long to reach a safe point."""
_RESIGN_SECONDS = 2.0
_log = structlog.get_logger("bot")


@dataclass(slots=True)
class Running:
    """The parts that have to be started and stopped. They start in this order."""

    web: WebServer
    identity: Identity
    database: Database
    socket: SocketConnection | None
    dispatcher: Dispatcher
    scheduler: BackgroundScheduler
    leadership: Leadership

    def start(self) -> None:
        self.web.start()
        self.identity.start()
        # Until the tables can be made, a command is answered with the fact that nothing can be saved.
        migrate_when_possible(self.database, on_failure=self._connect)
        self._connect()
        self.dispatcher.start()
        self.scheduler.start()

    def stop(self) -> None:
        """Takes no new work, gives work in hand a few seconds, hands the lease over."""
        # Closing a socket takes seconds of its own, so it shares those of the dispatcher.
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
        """Each of these can take longer than there is time."""
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
