"""Whether the database takes what is written."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from storage.database import Database
from storage.tables import requests


def try_writing(database: Database) -> None:
    """Commits a row that came and went: a full disk shows only then. Raises `StorageUnavailable`."""
    row = {"id": f"trial-{secrets.token_hex(16)}", "recording_id": "", "received_at": datetime.now(UTC)}
    with database.write() as connection:
        connection.execute(requests.insert().values(row))
        connection.execute(requests.delete().where(requests.c.id == row["id"]))
