"""The query plans of SQLite for the statements that the program sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from storage.database import Database


def plan_of(database: Database, call: Callable[[], object]) -> list[str]:
    """The plan of the only statement that this call sends."""
    with _sent() as statements:
        call()
    ((sql, parameters),) = statements
    with database.read() as connection:
        return [str(row.detail) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@contextmanager
def _sent() -> Iterator[list[tuple[str, Any]]]:
    """Every SELECT of any SQLAlchemy engine in this process."""
    statements: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
