"""Migrations with rows in the tables: up, down, and while the previous release still runs.

`make test` goes up and down once; every revision on its own is for `make soak`.
"""

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
    reflected = MetaData()
    reflected.reflect(engine)
    return [table for table in reflected.sorted_tables if table.name != "alembic_version"]


def unusual_value(column: Column[Any], dialect: str, number: int) -> Any:
    """A value that differs from every default."""
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


def fill(connection: Connection, known: list[Table], number: int = 0) -> Rows:
    """Writes a row into each table; the rows."""
    rows = {
        table.name: {column.name: unusual_value(column, connection.dialect.name, number) for column in table.columns}
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


def test_rows_are_the_same_after_every_step_up_and_down(engine: Engine) -> None:
    upgrade(engine, REVISIONS[0])
    first_tables = tables(engine)
    with engine.begin() as connection:
        rows = {name: [row] for name, row in fill(connection, first_tables).items()}

    for step, revisions in ((upgrade, REVISIONS[1:]), (downgrade, REVISIONS[-2::-1])):
        for revision in revisions:
            step(engine, revision)
            with engine.connect() as connection:
                assert read(connection, first_tables) == rows, (step.__name__, revision)


def test_the_previous_revision_can_write_and_read_its_columns_after_the_newest_migration(engine: Engine) -> None:
    _check_release_before(engine, *REVISIONS[-2:])


@pytest.mark.soak
@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_a_revision_are_the_same_after_going_to_the_newest_and_back_twice(
    engine: Engine, revision: str
) -> None:
    upgrade(engine, revision)
    then = tables(engine)
    assert then, "there are tables from the first revision on"
    with engine.begin() as connection:
        rows = {name: [row] for name, row in fill(connection, then).items()}

    for _ in range(2):
        upgrade(engine, "head")
        with engine.connect() as connection:
            assert read(connection, then) == rows
        downgrade(engine, revision)
        with engine.connect() as connection:
            assert read(connection, then) == rows
        assert [set(table.columns.keys()) for table in tables(engine)] == [set(t.columns.keys()) for t in then]


@pytest.mark.soak
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_downgrade_loses_only_what_the_older_revision_has_no_column_for(engine: Engine, revision: str) -> None:
    upgrade(engine, revision)
    then = tables(engine)
    upgrade(engine, "head")
    with engine.begin() as connection:
        rows = fill(connection, tables(engine))

    downgrade(engine, revision)

    with engine.connect() as connection:
        left = read(connection, then)
    assert left == {t.name: [{name: rows[t.name][name] for name in t.columns.keys()}] for t in then}  # noqa: SIM118


@pytest.mark.soak
@pytest.mark.parametrize(("before", "after"), list(pairwise(REVISIONS)), ids=lambda revision: str(revision))
def test_the_release_before_each_migration_can_write_and_read_its_columns_after_it(
    engine: Engine, before: str, after: str
) -> None:
    _check_release_before(engine, before, after)


def _check_release_before(engine: Engine, before: str, after: str) -> None:
    """While replicas are replaced one by one, the old ones work on the new tables."""
    upgrade(engine, before)
    known = tables(engine)
    upgrade(engine, after)

    with engine.begin() as connection:
        rows = fill(connection, known)
        assert read(connection, known) == {name: [row] for name, row in rows.items()}
        for table in known:
            changed = {
                column.name: unusual_value(column, engine.dialect.name, 1)
                for column in table.columns
                if not column.primary_key
            }
            assert connection.execute(table.update().values(changed)).rowcount == 1
            rows[table.name] |= changed
        assert read(connection, known) == {name: [row] for name, row in rows.items()}
        for table in known:
            assert connection.execute(table.delete()).rowcount == 1
