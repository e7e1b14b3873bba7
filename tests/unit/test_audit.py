"""`bot.py audit`: its arguments, a table with aligned columns, and CSV without formulas."""

from __future__ import annotations

import csv
import io
import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bot
from composition import audit
from composition.audit import Format
from recordings.model.audit import AuditAction, AuditEvent, Source
from storage.database import Database
from tests.fakes.rows import NOW, at


def an_event(seconds: float = 0, who: str = "U2", detail: str = "", source: Source = Source.BUTTON) -> AuditEvent:
    return AuditEvent(
        at=at(seconds),
        who=who,
        what=AuditAction.STOPPED,
        source=source,
        recording_id="rec1",
        slack_channel="C1",
        detail=detail,
    )


def printed(*events: tuple[AuditEvent, str], format: Format = Format.TABLE) -> str:
    return audit.formatted(events, format)


# The arguments


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
def test_any_other_moment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        audit.moment(text, NOW)


def test_arguments_are_parsed_in_any_order() -> None:
    assert parsed("--since", "7d") == (NOW - timedelta(days=7), None, Format.TABLE)
    assert parsed("--csv", "--until=1h", "--since=2h") == (
        NOW - timedelta(hours=2),
        NOW - timedelta(hours=1),
        Format.CSV,
    )
    assert parsed("--json")[2] is Format.JSON


def test_without_since_the_last_24_hours_are_printed() -> None:
    assert parsed() == (NOW - timedelta(hours=24), None, Format.TABLE)


def parsed(*arguments: str) -> tuple[datetime, datetime | None, Format]:
    parser = ArgumentParser()
    audit.add_arguments(parser, NOW)
    options = parser.parse_args(arguments)
    return options.since, options.until, options.format


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since"],
        ["--since", "soon"],
        ["--since", "7d", "--until", "never"],
        ["--since", "1h", "--until", "2h"],
        ["--csv", "--json"],
        ["--until", "2d"],
        ["--since", "7d", "more"],
        ["--sinc", "7d"],
    ],
)
def test_wrong_arguments_are_refused_with_exit_code_2_on_standard_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(["audit", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.err
    assert printed.out == ""


# The table


def test_the_columns_of_the_table_are_aligned() -> None:
    table = printed((an_event(0.25), "daily"), (an_event(60, who="", source=Source.TIME_LIMIT), "a much longer name"))

    assert table.splitlines() == [
        "at                        who  what     source      recording  agora_channel       slack_channel  detail",
        "2026-06-17T11:42:00.250Z  U2   stopped  button      rec1       daily               C1",
        "2026-06-17T11:43:00.000Z  bot  stopped  time_limit  rec1       a much longer name  C1",
    ]


def test_without_events_only_the_headline_is_printed() -> None:
    assert printed().split() == list(audit.COLUMNS)
    assert printed(format=Format.CSV) == ",".join(audit.COLUMNS) + "\n"


def test_an_event_is_one_line_without_control_characters() -> None:
    table = printed((an_event(detail="one\ntwo\x1b[31m\u202e"), ""))

    assert len(table.splitlines()) == 2
    assert "\x1b" not in table
    assert "\u202e" not in table


# CSV


def test_csv_keeps_every_value() -> None:
    text = printed((an_event(detail='a, "b"\nc'), "team call"), format=Format.CSV)

    header, row = csv.reader(io.StringIO(text))
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
    text = printed((an_event(detail=name), name), format=Format.CSV)

    row = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert row[5] == row[7] == "'" + name.replace("\r", "\n")


# JSON


def test_json_has_one_object_a_line_with_every_value() -> None:
    lines = printed((an_event(detail="a\nb"), "team call"), (an_event(), "daily"), format=Format.JSON).splitlines()

    assert [json.loads(line)["agora_channel"] for line in lines] == ["team call", "daily"]
    assert list(json.loads(lines[0])) == list(audit.COLUMNS)
    assert json.loads(lines[0])["detail"] == "a\nb"
    assert printed(format=Format.JSON) == ""


# The database


@pytest.fixture
def database_url(restored_logs: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'recordings.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def test_a_missing_database_is_one_line_on_standard_error_and_not_made(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(["audit", "--since", "1h"]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"DATABASE_URL can't be read: there is no file {tmp_path / 'recordings.db'}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_refused_and_not_migrated(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recordings.db").touch()

    assert bot.main(["audit", "--since", "1h"]) == 1
    assert "the tables are of revision None" in capsys.readouterr().err


def test_a_wrong_database_url_is_one_line_without_its_password(
    monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hunter2@db/x")

    assert bot.main(["audit", "--since", "1h"]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("DATABASE_URL is neither")
    assert len(printed.err.splitlines()) == 2, "the setting, and what to do"
    assert "hunter2" not in printed.err


def test_an_unreachable_database_is_one_line_without_its_password(
    monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in ("sqlite:////nowhere/recordings.db", "postgresql://me:hunter2hunter2@127.0.0.1:1/d"):
        monkeypatch.setenv("DATABASE_URL", url)

        assert bot.main(["audit", "--since", "1h"]) == 1

        printed = capsys.readouterr()
        assert printed.out == ""
        assert len(printed.err.splitlines()) == 1
        assert printed.err.startswith("DATABASE_URL can't be read: ")
        assert "hunter2" not in printed.err


def test_only_the_database_has_to_be_set(
    monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(database_url)
    database.migrate()
    database.close()
    monkeypatch.setenv("HTTP_PORT", "wrong")

    assert bot.main(["audit", "--since", "1h"]) == 0
    assert capsys.readouterr().out.split() == list(audit.COLUMNS)
