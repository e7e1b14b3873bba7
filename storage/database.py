"""One database: connections, transactions, migrations."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from recordings.errors import DatabaseNewer, StorageUnavailable
from storage.tables import requests
from storage.unreadable import UnreadableRows

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 2.0
_STATEMENT_SECONDS, _LOCK_SECONDS = 10, 3
_MIGRATION_SECONDS = 600
"""For a statement of a migration: tables can be large, and machines slow."""
_MIGRATION_LOCK = 7_266_273
"""Number of the advisory lock on PostgreSQL that the migrations of this program take."""


class Database:
    """SQLite or PostgreSQL, by SQLAlchemy URL. The first transaction opens the first connection.

    `busy_seconds`: how long SQLite waits for the transaction of another connection, and how long a transaction may be
    idle before PostgreSQL ends it: a replica that hangs in one must not keep the lease's row locked.

    A transaction that fails raises `StorageUnavailable`; a violated constraint raises SQLAlchemy's `IntegrityError`.
    """

    def __init__(
        self, url: str, *, busy_seconds: float = _BUSY_SECONDS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.unreadable = UnreadableRows(monotonic)
        self._engine = _engine(url, busy_seconds)
        self._shared = self._engine.dialect.name != "sqlite"
        self._busy_seconds = busy_seconds
        self._turn = threading.Lock()

    def __repr__(self) -> str:
        return f"Database({self._engine.url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with _translated(), self._engine.connect() as connection:
            connection.execution_options(busy_seconds=self._busy_seconds)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back on an exception."""
        with self._one_writer() as seconds, _translated(), self._engine.connect() as connection:
            connection.execution_options(begin="IMMEDIATE", busy_seconds=seconds)
            with connection.begin():
                yield connection

    @contextmanager
    def _one_writer(self) -> Iterator[float]:
        """Yields the seconds that are left to wait for other processes."""
        if self._shared:
            yield self._busy_seconds
            return
        # SQLite allows one writer and has no queue: waiting connections poll every 100 ms, and some starve.
        begun = time.monotonic()
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise StorageUnavailable("database is locked")
        try:
            yield max(0.0, self._busy_seconds - (time.monotonic() - begun))
        finally:
            self._turn.release()

    def clock(self) -> datetime:
        """The time that all replicas share: that of the PostgreSQL server, or with SQLite of this machine."""
        if not self._shared:
            return datetime.now(UTC)
        with self.read() as connection:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def migrate(self) -> None:
        """Migrates the tables to this program's revision, in one transaction, one replica at a time.

        Raises `DatabaseNewer` if a newer release migrated them.
        """
        with self.write() as connection:
            if self._shared:
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                    connection.execute(select(func.set_config(limit, f"{_MIGRATION_SECONDS}s", True)))
            config = _alembic(connection)
            _refuse_newer(connection, config)
            command.upgrade(config, "head")

    def check_there(self) -> None:
        """Raises `StorageUnavailable` if the SQLite file does not exist: connecting would create it."""
        file = self._engine.url.database
        if not self._shared and file and not file.startswith("file:") and not Path(file).exists():
            raise StorageUnavailable(f"there is no file {file}")

    def check_tables(self) -> None:
        """Raises `DatabaseNewer` or `StorageUnavailable` if the tables are of another revision than this program's."""
        with self.read() as connection:
            config = _alembic(connection)
            _refuse_newer(connection, config)
            current = MigrationContext.configure(connection).get_current_revision()
        head = ScriptDirectory.from_config(config).get_current_head()
        if current != head:
            raise StorageUnavailable(f"the tables are of revision {current}, and this version needs {head}")

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        words = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
        raise StorageUnavailable(words) from error


def _engine(url: str, busy_seconds: float) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url,
            pool_pre_ping=True,
            pool_size=20,
            max_overflow=60,
            hide_parameters=True,
            connect_args={"connect_timeout": 3, "options": _limits(busy_seconds)},
        )
    engine = create_engine(
        url,
        pool_size=20,
        max_overflow=60,
        hide_parameters=True,
        json_deserializer=_json_or_text,
        connect_args={"timeout": busy_seconds},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _json_or_text(text: str) -> Any:
    """SQLite stores anything in any column. Text that is no JSON makes its own row unreadable, not the whole query."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _limits(busy_seconds: float) -> str:
    seconds = {
        "statement_timeout": _STATEMENT_SECONDS,
        "lock_timeout": _LOCK_SECONDS,
        "idle_in_transaction_session_timeout": busy_seconds,
    }
    return " ".join(f"-c {name}={round(value * 1000)}" for name, value in seconds.items())


def _prepare_sqlite(connection: Any, record: Any) -> None:
    del record
    # The driver begins as a reader, at the first write: of two such transactions one can't become a writer, and fails.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * options['busy_seconds'])}")
    connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")


def _refuse_newer(connection: Connection, config: Config) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise DatabaseNewer(
            f"the database is of a newer version of this program (revision {current}): run that version, or restore"
            " the backup that was made before the upgrade"
        )


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
_log = structlog.get_logger(__name__)


def migrate_when_possible(database: Database, on_failure: Callable[[], None]) -> None:
    """Migrates the tables, and tries again until it succeeds. Calls `on_failure` after each failure."""
    wait = _FIRST_WAIT
    while True:
        try:
            database.migrate()
        except StorageUnavailable as error:
            _log.error("database_unavailable", error=str(error), again_in=wait)
            on_failure()
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        else:
            return


def try_writing(database: Database) -> None:
    """Inserts and deletes a row and commits: only then a full disk shows. Raises `StorageUnavailable`."""
    row = {"id": f"trial-{secrets.token_hex(16)}", "recording_id": "", "received_at": datetime.now(UTC)}
    with database.write() as connection:
        connection.execute(requests.insert().values(row))
        connection.execute(requests.delete().where(requests.c.id == row["id"]))
