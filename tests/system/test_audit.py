"""Who did what: written down with what it does, and printed from the database while the bot runs."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system import prefork
from tests.system.conftest import ON_BOTH, ROOT, Stack, payload, words

COLUMNS = ["at", "who", "what", "source", "recording", "agora_channel", "slack_channel", "detail"]


def audit(stack: Stack, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`bot.py audit`, with nothing set but the database."""
    kept = {name: stack.bot.environment[name] for name in ("PATH", "HOME", "DATABASE_URL")}
    return prefork.server().run(["audit", *arguments], kept | settings, stack.bot.folder)


def rows(stack: Stack, *arguments: str) -> list[dict[str, str]]:
    ended = audit(stack, "--csv", *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return list(csv.DictReader(io.StringIO(ended.stdout)))


def done(stack: Stack) -> list[tuple[str, str, str, str, str]]:
    """Who did what to which Agora channel, from where."""
    names = {person.id: person.name for person in stack.slack.people} | {"bot": "bot"}
    return [
        (names[row["who"]], row["what"], row["agora_channel"], row["source"], row["detail"])
        for row in rows(stack, "--since", "1h")
    ]


def stop_one_of_a_list(stack: Stack, name: str, *, by: str) -> None:
    listed = stack.command("stop", by=by)
    ids = {payload(card)["agora_channel"]: payload(card)["recording_id"] for card in stack.cards()}
    assert listed.reply is not None
    stack.slack.person(by).press(listed.reply, "stop_recording", ids[name]).repeat()


@ON_BOTH
def test_every_start_and_stop_is_an_act_and_nothing_else_is(stack: Stack) -> None:
    stack.start()
    stack.recording("one")
    stack.command("start two").repeat()
    stack.wait_card("recording", agora="two")
    card = stack.recording("three")
    for text in ("start one", "stop nothing", "status", "help", "start two words", "stop"):
        words(stack.command(text, by="ben"))
    stop_one_of_a_list(stack, "two", by="ben")
    stack.press_stop(card, by="ana").repeat()
    stack.wait_card("ended", agora="two")
    stack.wait_card("ended", agora="three")
    stack.command("stop one", by="ben").repeat()
    stack.wait_card("ended", agora="one")
    stack.command("stop one", by="ana")

    assert done(stack) == [
        ("ana", "started", "one", "command", ""),
        ("ana", "started", "two", "command", ""),
        ("ana", "started", "three", "command", ""),
        ("ben", "stopped", "two", "button", "in the list of several"),
        ("ana", "stopped", "three", "button", ""),
        ("ben", "stopped", "one", "command", ""),
    ]


@ON_BOTH
def test_a_stop_at_the_time_limit_is_the_bots_own_act(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="2")
    stack.recording()
    stack.wait_card("ended", reason="time_limit")

    assert done(stack) == [
        ("ana", "started", "daily", "command", ""),
        ("bot", "stopped", "daily", "time_limit", ""),
    ]


@ON_BOTH
def test_they_are_printed_as_a_table_and_as_csv_while_the_bot_runs(stack: Stack) -> None:
    stack.start()
    stack.recording("+daily")
    stack.command("stop", by="ben")
    stack.wait_card("ended")

    started, stopped = rows(stack, "--since", "1h")
    assert list(started) == COLUMNS
    assert started["agora_channel"] == "'+daily"
    assert started["slack_channel"] == stack.slack.workspace.channel("daily").id
    assert started["recording"] == payload(stack.cards()[0])["recording_id"]
    assert rows(stack, "--since", stopped["at"]) == [stopped]
    assert rows(stack, "--since", "2020-01-01", "--until", stopped["at"]) == [started]
    assert rows(stack, "--since", "2h", "--until", "1h") == []

    table = audit(stack, "--since", "1h").stdout.splitlines()
    assert table[0].split() == COLUMNS
    assert len(table) == 3
    begins = [line.index("started" if number == 1 else "stopped") for number, line in enumerate(table) if number]
    assert begins == [table[0].index("what")] * 2
    stack.command("start after")
    stack.wait_card("recording", agora="after")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--since",),
        ("--since", "soon"),
        ("--since", "1h", "--until", "x"),
        ("--since", "1h", "--json"),
        ("7d",),
    ],
)
def test_what_makes_no_sense_brings_the_usage_and_exit_2(stack: Stack, arguments: tuple[str, ...]) -> None:
    ended = audit(stack, *arguments)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "usage: bot.py audit [-h] --since WHEN [--until WHEN] [--csv]" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_is_away_is_one_line_and_exit_1(stack: Stack) -> None:
    secret = "hunter2hunter2"
    for url in ("sqlite:////nowhere/recordings.db", f"postgresql://u:{secret}@127.0.0.1:1/d"):
        ended = audit(stack, "--since", "1h", DATABASE_URL=url)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stderr.startswith("DATABASE_URL can't be read: ")
        assert secret not in ended.stderr


def test_no_database_is_made_and_none_is_migrated(stack: Stack, tmp_path: Path) -> None:
    assert audit(stack, "--since", "1h").returncode == 1
    assert list(tmp_path.glob("*.db*")) == []

    (tmp_path / "empty.db").touch()
    ended = audit(stack, "--since", "1h", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}")
    assert ended.returncode == 1
    assert "the tables are of revision None" in ended.stderr


def test_a_database_url_that_is_wrong_is_one_line_and_exit_2(stack: Stack) -> None:
    ended = audit(stack, "--since", "1h", DATABASE_URL="mysql://u:p@h/d")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("DATABASE_URL is neither")


def test_whoever_reads_may_have_seen_enough(stack: Stack) -> None:
    stack.start()
    stack.recording()
    command = f"{sys.executable} {ROOT / 'bot.py'} audit --since 1h | true; echo ${{PIPESTATUS[0]}}"
    kept = {name: stack.bot.environment[name] for name in ("PATH", "HOME", "DATABASE_URL")}
    ended = subprocess.run(["/bin/bash", "-c", command], env=kept, capture_output=True, text=True, timeout=60)
    assert (ended.stdout.strip(), ended.stderr) == ("0", "")
