"""What runs: the parts that `bot.py` plugs together, started and stopped in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from handlers.directory import Identity
from handlers.socket_mode import Socket
from recordings.errors import StorageUnavailable
from storage.database import Database, migrate_when_possible
from web.server import WebServer

_DRAIN_SECONDS = 6.0
_LEAVING_SECONDS = 2.0
_log = structlog.get_logger("bot")


@dataclass(slots=True)
class Running:
    """The parts that have to be started and stopped, in this order."""

    database: Database
    dispatcher: Dispatcher
    leadership: Leadership
    scheduler: BackgroundScheduler
    identity: Identity
    socket: Socket | None
    web: WebServer

    def start(self) -> None:
        self.web.start()
        self.identity.start()
        # While the tables can't be made, people read that nothing can be written down.
        migrate_when_possible(self.database, on_trouble=self._connect)
        self._connect()
        self.dispatcher.start()
        self.scheduler.start()

    def stop(self) -> None:
        """Takes no new work, gives what is in hand a few seconds, hands the lease over."""
        # Closing a socket takes seconds of its own, which are the same seconds.
        closing = threading.Thread(target=self._close_socket, name="close", daemon=True)
        closing.start()
        self.dispatcher.drain(_DRAIN_SECONDS)
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)
        leaving = threading.Thread(target=self._leave, name="leave", daemon=True)
        leaving.start()
        leaving.join(_LEAVING_SECONDS)
        closing.join(0.5)

    def _leave(self) -> None:
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

    def _close_socket(self) -> None:
        if self.socket is not None:
            self.socket.close()
