"""`bot.py audit`: prints the audit log, as a table for people, as CSV for spreadsheets, or as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TextIO

import logs
import settings
from composition.terminal import write
from recordings.errors import DatabaseNewer, StorageUnavailable
from recordings.model.audit import AuditEvent
from storage.audit import AuditLog
from storage.database import Database

_WHEN = "from this moment on: 2026-06-17, 2026-06-17T11:42+02:00, 7d or 12h ago (default: 24h)"
_DEFAULT_SPAN = timedelta(hours=24)
COLUMNS = ("at", "who", "what", "source", "recording", "agora_channel", "slack_channel", "detail")
_THE_BOT = "bot"
_SPAN = re.compile(r"(\d{1,6})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_FORMULA = ("=", "+", "-", "@", "\t", "\n")
"""A spreadsheet takes a cell that begins so for a formula."""


class Format(Enum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def add_arguments(parser: ArgumentParser, now: datetime) -> None:
    """Adds the arguments of `bot.py audit`. A moment may be a span back from `now`."""

    def parse(text: str) -> datetime:
        return moment(text, now)

    parser.add_argument("--since", default=now - _DEFAULT_SPAN, type=parse, metavar="WHEN", help=_WHEN)
    parser.add_argument("--until", type=parse, metavar="WHEN", help="before this moment (default: now)")
    formats = parser.add_mutually_exclusive_group()
    parser.set_defaults(format=Format.TABLE)
    for format, help in ((Format.CSV, "CSV for spreadsheets"), (Format.JSON, "JSON, one object a line")):
        formats.add_argument(f"--{format.value}", dest="format", action="store_const", const=format, help=help)


def moment(text: str, now: datetime) -> datetime:
    """Parses an ISO date or time (UTC if it names no zone) or a span back from now. Raises `ArgumentTypeError`."""
    span = _SPAN.fullmatch(text)
    try:
        if span is not None:
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is neither a date, nor a time, nor a span such as 7d or 12h") from None


def print_audit(since: datetime, until: datetime | None, to: TextIO, format: Format) -> int:
    """Prints the events from `since` on and before `until`; returns the exit code.

    Needs only the database, and changes nothing in it. Reports rows that it cannot read on standard error. Raises
    `SettingsError` for a wrong DATABASE_URL.
    """
    url = settings.load_database_url()
    logs.configure("WARNING", secrets=settings.database_passwords(url))
    database = Database(url.get_secret_value())
    try:
        database.check_there()
        database.check_tables()
        events = AuditLog(database).between(since, until)
    except (StorageUnavailable, DatabaseNewer) as error:
        redact = logs.Redaction(settings.database_passwords(url), patterns=())
        print(f"DATABASE_URL can't be read: {redact(' '.join(str(error).split()))}", file=sys.stderr)  # noqa: T201
        return 1
    write(formatted(events, format), to)
    return 0


def formatted(events: Iterable[tuple[AuditEvent, str]], format: Format) -> str:
    """The events, each with its Agora channel."""
    rows = [_row(event, agora_channel) for event, agora_channel in events]
    match format:
        case Format.CSV:
            return _csv(rows)
        case Format.JSON:
            return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows)
    return _table(rows)


def _row(event: AuditEvent, agora_channel: str) -> tuple[str, ...]:
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    who = event.who or _THE_BOT
    return at, who, event.what, event.source, event.recording_id, agora_channel, event.slack_channel, event.detail


def _csv(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_without_formula(cell) for cell in row] for row in rows)
    return text.getvalue()


def _without_formula(cell: str) -> str:
    """Quotes a cell that a spreadsheet would run: an Agora channel may be named like a formula."""
    text = cell.replace("\r", "\n")  # A bare carriage return would end the row.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = [COLUMNS, *(tuple(_printable(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(line.rstrip() + "\n" for line in padded)


def _printable(cell: str) -> str:
    """Replaces line breaks, and characters that control a terminal."""
    return "".join(character if character.isprintable() else " " for character in cell)
