"""`bot.py audit`: who did what, as a table for people or as CSV for spreadsheets."""

from __future__ import annotations

import csv
import os
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TextIO

from recordings.model.audit import AuditEvent

_WHEN = "from this moment on: 2026-06-17, 2026-06-17T11:42+02:00, 7d or 12h"
COLUMNS = ("at", "who", "what", "source", "recording", "agora_channel", "slack_channel", "detail")
_BY_ITSELF = "bot"
_SPAN = re.compile(r"(\d{1,6})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_FORMULA = ("=", "+", "-", "@", "\t", "\n")


def add_arguments(parser: ArgumentParser, now: datetime) -> None:
    """What `bot.py audit` takes; moments may be given as spans back from `now`."""

    def parse(text: str) -> datetime:
        return moment(text, now)

    parser.add_argument("--since", required=True, type=parse, metavar="WHEN", help=_WHEN)
    parser.add_argument("--until", type=parse, metavar="WHEN", help="before this; until now where it is left out")
    parser.add_argument("--csv", action="store_true", help="as CSV for spreadsheets, in place of a table")


def moment(text: str, now: datetime) -> datetime:
    """An ISO date or time, in UTC where it names no zone, or a span back from now. Raises `ArgumentTypeError`."""
    span = _SPAN.fullmatch(text)
    try:
        if span is not None:
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is neither a date, nor a time, nor a span such as 7d or 12h") from None


def write(audit_events: Iterable[tuple[AuditEvent, str]], to: TextIO, *, as_csv: bool) -> int:
    """Prints acts, each with its Agora channel; the exit code."""
    rows = [_row(audit_event, agora_channel) for audit_event, agora_channel in audit_events]
    try:
        _write_csv(rows, to) if as_csv else _write_table(rows, to)
        to.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough (`| head`); the interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())
    return 0


def _row(audit_event: AuditEvent, agora_channel: str) -> tuple[str, ...]:
    at = audit_event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    who = audit_event.who or _BY_ITSELF
    return (
        at,
        who,
        audit_event.what,
        audit_event.source,
        audit_event.recording_id,
        agora_channel,
        audit_event.slack_channel,
        audit_event.detail,
    )


def _write_csv(rows: Iterable[tuple[str, ...]], to: TextIO) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula, and channels can be named like one."""
    whole = cell.replace("\r", "\n")  # A bare one would end the row.
    return f"'{whole}" if whole.startswith(_FORMULA) else whole


def _write_table(rows: Iterable[tuple[str, ...]], to: TextIO) -> None:
    shown = [COLUMNS, *(tuple(_visible(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(COLUMNS))]
    for row in shown:
        to.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


def _visible(cell: str) -> str:
    """On one line, and without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in cell)
