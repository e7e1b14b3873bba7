"""`bot.py audit` as a command: it reads the database of a bot that runs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

from storage.database import Database
from tests.system import prefork
from tests.system.conftest import ROOT, Stack, payload

COLUMNS = ["at", "who", "what", "source", "recording", "agora_channel", "slack_channel", "detail"]


def audit(stack: Stack, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`bot.py audit`, with nothing set but the database."""
    kept = {name: stack.bot.environment[name] for name in ("PATH", "HOME", "DATABASE_URL")}
    return prefork.server().run(["audit", *arguments], kept | settings, stack.bot.folder)


def rows(stack: Stack, *arguments: str) -> list[dict[str, str]]:
    ended = audit(stack, "--csv", *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return list(csv.DictReader(io.StringIO(ended.stdout)))


def test_events_are_printed_as_a_table_and_as_csv_while_the_bot_runs(stack: Stack) -> None:
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

    as_json = [json.loads(line) for line in audit(stack, "--json").stdout.splitlines()]
    assert [list(item) for item in as_json] == [COLUMNS, COLUMNS], "the last 24 hours, one object a line"
    assert as_json[1] == stopped | {"agora_channel": "+daily"}

    table = audit(stack, "--since", "1h").stdout.splitlines()
    assert table[0].split() == COLUMNS
    assert len(table) == 3
    begins = [line.index("started" if number == 1 else "stopped") for number, line in enumerate(table) if number]
    assert begins == [table[0].index("what")] * 2
    stack.command("start after")
    stack.wait_card("recording", agora="after")


def test_wrong_arguments_print_the_usage_and_exit_with_2(stack: Stack) -> None:
    for arguments in (
        ("--since",),
        ("--since", "soon"),
        ("--since", "1h", "--until", "x"),
        ("--csv", "--json"),
        ("7d",),
    ):
        ended = audit(stack, *arguments)
        assert (ended.returncode, ended.stdout) == (2, ""), arguments
        assert "usage: bot.py audit [-h] [--since WHEN] [--until WHEN] [--csv | --json]" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_reader_may_close_the_pipe_early(stack: Stack) -> None:
    kept = {name: stack.bot.environment[name] for name in ("PATH", "HOME", "DATABASE_URL")}
    database = Database(kept["DATABASE_URL"])
    database.migrate()
    database.close()
    command = f"{sys.executable} {ROOT / 'bot.py'} audit --since 1h | true; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["/bin/bash", "-c", command], env=kept, capture_output=True, text=True, timeout=60)
    assert (ended.stdout.strip(), ended.stderr) == ("0", "")
