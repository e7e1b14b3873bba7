"""The migrations on a real PostgreSQL, by one replica or by several at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event, inspect, text

from recordings.errors import DatabaseNewer
from storage.database import Database, try_writing
from storage.tables import metadata
from tests.contract.conftest import ON_POSTGRESQL, PATIENT_SECONDS
from tests.contract.test_migrations import alembic_on

pytestmark = ON_POSTGRESQL


@pytest.fixture
def engine(empty_postgresql_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_postgresql_url)
    yield engine
    engine.dispose()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url, busy_seconds=PATIENT_SECONDS)
    try:
        yield database
    finally:
        database.close()


def _migrate(url: str) -> None:
    with opened(url) as database:
        database.migrate()


def test_the_newest_revision_has_the_tables_of_the_program(empty_postgresql_url: str, engine: Engine) -> None:
    _migrate(empty_postgresql_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migration_has_time_limits_of_its_own(empty_postgresql_url: str) -> None:
    limits = set()

    def read_limits(connection: Any, cursor: psycopg.Cursor[Any], statement: str, *more: Any) -> None:
        if "CREATE TABLE" in statement:
            limits.add(_limits(cursor.connection))

    event.listen(Engine, "before_cursor_execute", read_limits)
    try:
        with opened(empty_postgresql_url) as database:
            database.migrate()
            with database.read() as connection:
                later = _limits(cast(psycopg.Connection[Any], connection.connection.driver_connection))
    finally:
        event.remove(Engine, "before_cursor_execute", read_limits)
    assert limits == {("10min", "10min")}
    assert later == ("10s", "1min")


def _limits(connection: psycopg.Connection[Any]) -> tuple[str, str]:
    """How long a statement may take, and how long a transaction may be idle."""
    names = "current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
    row = connection.execute(f"SELECT {names}").fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


def test_replicas_that_start_together_migrate_once(empty_postgresql_url: str, engine: Engine) -> None:
    with ThreadPoolExecutor(4) as replicas:
        for done in [replicas.submit(_migrate, empty_postgresql_url) for _ in range(4)]:
            done.result()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_every_revision_can_be_downgraded_and_upgraded_again(empty_postgresql_url: str, engine: Engine) -> None:
    _migrate(empty_postgresql_url)
    with engine.begin() as connection:
        command.downgrade(alembic_on(connection), "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    _migrate(empty_postgresql_url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())


def test_a_database_of_a_newer_release_is_refused(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseNewer, match="newer version of this program"):
        _migrate(postgresql_url)


def test_the_checks_of_the_doctor_work_on_postgresql(postgresql: Database) -> None:
    postgresql.check_tables()
    try_writing(postgresql)
    with postgresql.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM requests")).scalar_one() == 0
