"""Who did what, printed: what was asked for, aligned columns, and CSV that no spreadsheet obeys."""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta

import pytest

import bot
from composition import audit
from recordings.model.audit import AuditAction, AuditEvent, Source
from tests.fakes.rows import NOW, at


def an_act(seconds: float = 0, who: str = "U2", detail: str = "", source: Source = Source.BUTTON) -> AuditEvent:
    return AuditEvent(
        at=at(seconds),
        who=who,
        what=AuditAction.STOPPED,
        source=source,
        recording_id="rec1",
        slack_channel="C1",
        detail=detail,
    )


def printed(*audit_events: tuple[AuditEvent, str], as_csv: bool = False) -> str:
    to = io.StringIO()
    assert audit.write(audit_events, to, as_csv=as_csv) == 0
    return to.getvalue()


# What was asked for


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-06-17", datetime(2026, 6, 17, tzinfo=UTC)),
        ("2026-06-17T11:42", datetime(2026, 6, 17, 11, 42, tzinfo=UTC)),
        ("2026-06-17 11:42:30.250Z", datetime(2026, 6, 17, 11, 42, 30, 250_000, tzinfo=UTC)),
        ("2026-06-17T11:42:00+02:00", datetime(2026, 6, 17, 9, 42, tzinfo=UTC)),
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("90m", NOW - timedelta(minutes=90)),
    ],
)
def test_a_moment_is_a_date_a_time_or_a_span_back(text: str, meant: datetime) -> None:
    assert audit.moment(text, NOW) == meant
    assert audit.moment(text, NOW).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "7", "d", "7w", "-7d", "999999d", "7 d", "2026-13-01", "0001-01-01T00:00+14:00", "\u0667d x"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        audit.moment(text, NOW)


def test_what_is_asked_for_is_read() -> None:
    assert asked("--since", "7d") == (NOW - timedelta(days=7), None, False)
    assert asked("--csv", "--until=1h", "--since=2h") == (NOW - timedelta(hours=2), NOW - timedelta(hours=1), True)


def asked(*arguments: str) -> tuple[datetime, datetime | None, bool]:
    parser = ArgumentParser()
    audit.add_arguments(parser, NOW)
    chosen = parser.parse_args(arguments)
    return chosen.since, chosen.until, chosen.csv


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--csv"],
        ["--since"],
        ["--since", "soon"],
        ["--since", "7d", "--until", "never"],
        ["--since", "1h", "--until", "2h"],
        ["--since", "7d", "--json"],
        ["--since", "7d", "more"],
    ],
)
def test_what_makes_no_sense_is_refused_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(["audit", *arguments]) == 2
    assert capsys.readouterr().err


# The table


def test_the_columns_of_the_table_are_aligned() -> None:
    said = printed((an_act(0.25), "daily"), (an_act(60, who="", source=Source.TIME_LIMIT), "a much longer name"))

    assert said.splitlines() == [
        "at                        who  what     source      recording  agora_channel       slack_channel  detail",
        "2026-06-17T11:42:00.250Z  U2   stopped  button      rec1       daily               C1",
        "2026-06-17T11:43:00.000Z  bot  stopped  time_limit  rec1       a much longer name  C1",
    ]


def test_nothing_is_a_headline_alone() -> None:
    assert printed().split() == list(audit.COLUMNS)
    assert printed(as_csv=True) == ",".join(audit.COLUMNS) + "\n"


def test_an_act_is_one_line_that_a_terminal_does_not_obey() -> None:
    said = printed((an_act(detail="one\ntwo\x1b[31m\u202e"), ""))

    assert len(said.splitlines()) == 2
    assert "\x1b" not in said
    assert "\u202e" not in said


# CSV


def test_csv_is_read_as_it_was_written() -> None:
    said = printed((an_act(detail='a, "b"\nc'), "team call"), as_csv=True)

    header, row = csv.reader(io.StringIO(said))
    assert header == list(audit.COLUMNS)
    assert row == [
        "2026-06-17T11:42:00.000Z",
        "U2",
        "stopped",
        "button",
        "rec1",
        "team call",
        "C1",
        'a, "b"\nc',
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    said = printed((an_act(detail=name), name), as_csv=True)

    row = list(csv.reader(io.StringIO(said, newline="")))[1]
    assert row[5] == row[7] == "'" + name.replace("\r", "\n")
