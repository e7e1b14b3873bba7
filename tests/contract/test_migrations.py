"""The migrations lead from an empty database to the tables of the program, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from recordings.errors import StorageUnavailable
from storage.database import Database
from storage.lease import Lease
from storage.tables import metadata
from tests.fakes.rows import NOW

MIGRATIONS = Path(__file__).parents[2] / "storage" / "migrations"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Another connection to the same file."""
    engine = create_engine(f"sqlite:///{tmp_path / 'recordings.db'}")
    yield engine
    engine.dispose()


def alembic_on(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def indexes(connection: Connection) -> dict[str, str]:
    """Every index by name, with its SQL: nothing else compares the conditions of partial indexes."""
    stored = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    return {name: " ".join(sql.split()) for name, sql in stored}


def columns(connection: Connection) -> set[tuple[str, str, bool, str]]:
    """Every column by table and name, whether it takes NULL, and its default."""
    return {
        (table, row.name, bool(row.notnull), str(row.dflt_value).strip("()"))
        for table in metadata.tables
        for row in connection.execute(text(f"PRAGMA table_info({table})"))
    }


def test_the_newest_revision_has_the_tables_of_the_program(database: Database, engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_revision_has_the_defaults_and_indexes_of_the_program(database: Database, engine: Engine) -> None:
    made = create_engine("sqlite://")
    metadata.create_all(made)
    with engine.connect() as migrated, made.connect() as wanted:
        assert indexes(migrated) == indexes(wanted)
        assert columns(migrated) == columns(wanted)
    made.dispose()


def test_there_is_one_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_migrating_again_changes_nothing(database: Database, engine: Engine) -> None:
    Lease(database, "somebody").hold(NOW, 15)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lease SET epoch = 7"))
    database.migrate()

    with engine.connect() as connection:
        assert connection.execute(text("SELECT epoch FROM lease")).scalar() == 7


def test_every_revision_can_be_downgraded(database: Database, engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(alembic_on(connection), "base")
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}

    database.migrate()
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version", *metadata.tables}


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'recordings.db'}")

    with pytest.raises(StorageUnavailable):
        database.migrate()
    database.close()


def test_check_tables_accepts_this_revision_and_no_empty_database(tmp_path: Path, database: Database) -> None:
    database.check_tables()
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StorageUnavailable, match="the tables are of revision None, and this version needs "):
        empty.check_tables()
    empty.close()


def test_check_tables_reports_an_older_revision_and_changes_nothing(database: Database, engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(alembic_on(connection), "0001")
    with pytest.raises(StorageUnavailable, match="the tables are of revision 0001"):
        database.check_tables()
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0001"
