"""Tables first: waits for the database, however long it is away, and brings it to this program's revision."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from recordings.errors import StorageUnavailable
from storage.database import Database

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
_log = structlog.get_logger(__name__)


def migrate_when_possible(database: Database, on_trouble: Callable[[], None]) -> None:
    """Returns once the tables are there. Calls `on_trouble` each time that they can't be made."""
    wait = _FIRST_WAIT
    while True:
        try:
            database.migrate()
        except StorageUnavailable as error:
            _log.error("database_unavailable", error=str(error), again_in=wait)
            on_trouble()
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        else:
            return
