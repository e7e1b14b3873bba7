"""What happened to recordings, to be told in the threads of their cards: rows that stay due until Slack has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, func, select

from recordings.model import timeline
from recordings.model.recording import Recording
from recordings.model.timeline import Happening, Line
from recordings.repositories import LineJob
from storage import rows
from storage.database import Database
from storage.lease import fence
from storage.tables import lines, outbox, recordings

_KNOWN = lines.c.what.in_(list(Happening))
"""A newer release may have written others."""


class Story:
    """The lines of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> Sequence[LineJob]:
        """The oldest line of each Slack channel that is not told yet, where no alert waits for the same channel."""
        alert = outbox.c.done_at.is_(None) & (outbox.c.slack_channel == lines.c.slack_channel)
        untold = lines.c.done_at.is_(None) & _KNOWN & ~exists().where(alert)
        first = select(func.min(lines.c.id)).where(untold).group_by(lines.c.slack_channel)
        query = select(lines, recordings.c.card_ts).join(recordings, recordings.c.id == lines.c.recording_id)
        with self._database.read() as connection:
            found = connection.execute(query.where(lines.c.id.in_(first)).order_by(lines.c.due_at)).all()
        return [
            LineJob(row.id, Line(**rows.values(row, rows.LINE)), row.card_ts, row.due_at, row.tries) for row in found
        ]

    def told(self, line_id: int, now: datetime, epoch: int) -> None:
        """Slack has it, or will never take it."""
        self._set(line_id, {"done_at": now}, epoch)

    def deferred(self, line_id: int, until: datetime, epoch: int) -> None:
        self._set(line_id, {"due_at": until, "tries": lines.c.tries + 1}, epoch)

    def _set(self, line_id: int, values: dict[str, object], epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(lines.update().where(lines.c.id == line_id).values(values))


def add(connection: Connection, before: Recording, after: Recording, at: datetime) -> None:
    """Writes down what happened between the two, in a transaction that is under way."""
    for line in timeline.lines(before, after, at):
        connection.execute(lines.insert().values(rows.values(line, rows.LINE) | {"due_at": at}))
