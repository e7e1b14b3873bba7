"""Every migration with rows in the tables: up, down, and while the previous release still runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    select,
)

from tests.contract.conftest import ON_POSTGRESQL
from tests.contract.test_migrations import MIGRATIONS, alembic_on

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
"""The oldest first."""

Rows = dict[str, dict[str, Any]]
"""One row of each table, by column."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database."""
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'rows.db'}" if on_sqlite else request.getfixturevalue("empty_postgresql_url")
    engine = create_engine(url)
    yield engine
    engine.dispose()


def upgrade(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.upgrade(alembic_on(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.downgrade(alembic_on(connection), revision)


def tables(engine: Engine) -> list[Table]:
    """The program's tables as they are now."""
    found = MetaData()
    found.reflect(engine)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def made_up(column: Column[Any], dialect: str, number: int) -> Any:
    """A value that no default is."""
    match column.type:
        case Boolean():
            return True
        case Integer():
            return 7 + number
        case DateTime():
            moment = datetime(2026, 6, 17, 11, 42, number, 250_000, tzinfo=UTC)
            return moment.replace(tzinfo=None) if dialect == "sqlite" else moment
        case JSON():
            return {"number": number, "list": ["<a>", None, 1.5]}
        case String():
            return f"{column.name}-{number}"[-(column.type.length or 99) :]
    raise TypeError(f"no value is known for {column!r}")


def filled(connection: Connection, known: list[Table], number: int = 0) -> Rows:
    """Writes a row into each table and returns them."""
    rows = {
        table.name: {column.name: made_up(column, connection.dialect.name, number) for column in table.columns}
        for table in known
    }
    for table in known:
        connection.execute(table.insert().values(rows[table.name]))
    return rows


def read(connection: Connection, known: list[Table]) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in known
    }


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_every_revision_are_the_same_after_the_way_up_and_down_twice(engine: Engine, revision: str) -> None:
    upgrade(engine, revision)
    then = tables(engine)
    assert then, "there are tables from the first revision on"
    with engine.begin() as connection:
        rows = filled(connection, then)
    wanted = {name: [row] for name, row in rows.items()}

    for _ in range(2):
        upgrade(engine, "head")
        with engine.connect() as connection:
            assert read(connection, then) == wanted
        downgrade(engine, revision)
        with engine.connect() as connection:
            assert read(connection, then) == wanted
        assert [set(table.columns.keys()) for table in tables(engine)] == [set(t.columns.keys()) for t in then]


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_the_newest_revision_can_be_taken_down_to_every_revision(engine: Engine, revision: str) -> None:
    """What only the newer revision knew is lost, and nothing else."""
    upgrade(engine, revision)
    then = tables(engine)
    upgrade(engine, "head")
    with engine.begin() as connection:
        rows = filled(connection, tables(engine))

    downgrade(engine, revision)

    with engine.connect() as connection:
        found = read(connection, then)
    assert found == {t.name: [{name: rows[t.name][name] for name in t.columns.keys()}] for t in then}  # noqa: SIM118


@pytest.mark.parametrize(("before", "after"), list(pairwise(REVISIONS)), ids=lambda revision: str(revision))
def test_the_release_before_can_write_and_read_its_columns_after_each_migration(
    engine: Engine, before: str, after: str
) -> None:
    """While replicas are replaced one by one, the old ones meet the new tables."""
    upgrade(engine, before)
    known = tables(engine)
    upgrade(engine, after)

    with engine.begin() as connection:
        rows = filled(connection, known)
        assert read(connection, known) == {name: [row] for name, row in rows.items()}
        for table in known:
            changed = {
                column.name: made_up(column, engine.dialect.name, 1)
                for column in table.columns
                if not column.primary_key
            }
            assert connection.execute(table.update().values(changed)).rowcount == 1
            rows[table.name] |= changed
        assert read(connection, known) == {name: [row] for name, row in rows.items()}
        for table in known:
            assert connection.execute(table.delete()).rowcount == 1
