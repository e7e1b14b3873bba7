"""Rows that hold a value that this release does not know: set aside, counted, logged once, and read again later.

A newer release writes such rows while it runs beside this one, or before it was rolled back. Decoding them would fail,
and one of them must not hold up the others: reading many rows leaves it out, reading it alone gives None, and the
queries for due rows exclude it, so that it neither comes back at once nor takes a place among the rows that they may
return. After `_CHECK_AGAIN_SECONDS` the next query reads it anew: once somebody mended it, or this release knows the
value, it takes part again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, or_, select, true

from storage.rows import UnreadableRow

T = TypeVar("T")
RowKey = str | int
_CHECK_AGAIN_SECONDS = 60.0
_MOST_EXCLUDED = 5_000
"""Rows that a query excludes by their keys. Every key is a parameter: SQLite takes 32,766 in a statement."""
_MOST_ROUNDS = 20
"""Times that a query is sent anew because a row that it brought can't be read."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_log = structlog.get_logger(__name__)


class UnreadableRows:
    """The rows of one database that are set aside, by table and key. Threads share it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._check_at: dict[str, dict[RowKey, float]] = {}

    def count(self) -> int:
        """How many rows are set aside at the moment."""
        with self._lock:
            return sum(map(len, self._check_at.values()))

    def add(self, table: str, key: RowKey, error: UnreadableRow) -> None:
        """Sets a row aside for a while; logs it unless it was set aside before."""
        with self._lock:
            rows = self._check_at.setdefault(table, {})
            known = key in rows
            rows[key] = self._monotonic() + _CHECK_AGAIN_SECONDS
        if not known:
            _log.warning("row_unreadable", table=table, row=key, column=error.column, value=error.value)

    def remove(self, table: str, key: RowKey) -> None:
        """The row can be read, or is not there any more."""
        with self._lock:
            known = self._check_at.get(table, {}).pop(key, None) is not None
        if known:
            _log.info("row_readable_again", table=table, row=key)

    def keys(self, table: str) -> list[RowKey]:
        """The newest of them, as many as a query can exclude."""
        with self._lock:
            return list(self._check_at.get(table, {}))[-_MOST_EXCLUDED:]

    def take_due(self, table: str) -> list[RowKey]:
        """Those whose time to be read again has come. No other thread gets them until it comes once more."""
        now = self._monotonic()
        with self._lock:
            rows = self._check_at.get(table, {})
            due = [key for key, at in rows.items() if at <= now][:_MOST_EXCLUDED]
            rows.update(dict.fromkeys(due, now + _CHECK_AGAIN_SECONDS))
        return due


@dataclass(frozen=True, slots=True)
class RowReader(Generic[T]):
    """Decodes the rows of one table, one by one."""

    unreadable: UnreadableRows
    table: Table
    decode: Callable[[Row[Any]], T]

    def one(self, row: Row[Any] | None) -> T | None:
        """The value of a row; None where there is no row, or where it can't be read."""
        if row is None:
            return None
        try:
            value = self.decode(row)
        except UnreadableRow as error:
            self.unreadable.add(self.table.name, row.id, error)
            return None
        self.unreadable.remove(self.table.name, row.id)
        return value

    def many(
        self, connection: Connection, query: Callable[[ColumnElement[bool]], Select[Any]]
    ) -> list[tuple[Row[Any], T]]:
        """The rows that can be read, each with its value. `query` gets the condition that excludes the others.

        Where a row turns out to be unreadable the query is sent anew, so that another one takes its place: below a
        limit, or as the first of its group.
        """
        readable: list[tuple[Row[Any], T]] = []
        for _ in range(_MOST_ROUNDS):
            stored = connection.execute(query(self.readable(connection))).all()
            values = [(row, self.one(row)) for row in stored]
            readable = [(row, value) for row, value in values if value is not None]
            if len(readable) == len(stored):
                break
        return readable

    def readable(self, connection: Connection, by: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
        """A condition that excludes the rows that are set aside. `by`: the column that names them, where it is not the
        key of the table itself; rows that name none are not excluded."""
        self._check_again(connection)
        keys = self.unreadable.keys(self.table.name)
        if not keys:
            return true()
        named = self.table.c.id if by is None else by
        return or_(named.is_(None), named.not_in(keys))

    def _check_again(self, connection: Connection) -> None:
        due = self.unreadable.take_due(self.table.name)
        if not due:
            return
        rows = connection.execute(select(self.table).where(self.table.c.id.in_(due))).all()
        for row in rows:
            self.one(row)
        for key in _missing(due, rows):
            self.unreadable.remove(self.table.name, key)


def _missing(keys: Iterable[RowKey], rows: Collection[Row[Any]]) -> set[RowKey]:
    return set(keys) - {row.id for row in rows}


def due_rows(rows: Iterable[Any]) -> list[tuple[str, datetime]]:
    """Rows of a key and a time. One whose time can't be read is due at once: the step that reads it sets it aside."""
    return [(row[0], row[1] if isinstance(row[1], datetime) else _LONG_AGO) for row in rows]
