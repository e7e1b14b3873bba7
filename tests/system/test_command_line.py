"""The bot at a terminal: what a person reads there, and what a program reads in its place."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

from tests.system.conftest import ROOT, Stack
from tests.system.installation import s3, storage, whole

__all__ = ["s3", "storage", "whole"]
READY = "In Slack, type /record"


def read_until(terminal: int, text: str, seconds: float = 60) -> str:
    """What the terminal shows, up to this text."""
    shown, deadline = b"", time.monotonic() + seconds
    while text.encode() not in shown and time.monotonic() < deadline:
        shown += os.read(terminal, 4096)
    return shown.decode()


def test_a_person_reads_when_the_bot_is_ready(stack: Stack) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "bot.py")]
    with subprocess.Popen(
        command, env=stack.bot.environment, cwd=stack.bot.folder, stdout=theirs, stderr=subprocess.DEVNULL
    ) as process:
        try:
            os.close(theirs)
            line = read_until(ours, READY).strip().splitlines()[-1]
        finally:
            process.terminate()
            assert process.wait(30) == 0
            os.close(ours)
    team = stack.slack.workspace.team_domain
    assert line == f"Ready: @{stack.slack.workspace.bot.name} in {team}. {READY}"
    assert stack.slack_server.connections == []


def test_a_program_reads_it_in_the_log(stack: Stack) -> None:
    stack.start()
    stack.slack.wait_for(lambda: '"event": "ready"' in stack.bot.log, what="the event")

    assert '"event": "starting"' in stack.bot.log
    assert READY not in stack.bot.log


def test_a_check_at_a_terminal_has_colors_and_no_log_lines(whole: Stack) -> None:
    whole.slack.down()
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "bot.py"), "check"]
    environment = whole.bot.environment | {"TERM": "xterm"}
    with subprocess.Popen(command, env=environment, cwd=whole.bot.folder, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        lines = read_until(ours, "checks failed: ").splitlines()
        assert process.wait(30) == 1
    os.close(ours)

    assert lines[0].startswith("\x1b[1;31mFAIL\x1b[0m  Slack bot token ")
    assert len([line for line in lines if line[:1] == "\x1b"]) == len(lines)


def test_the_reader_of_a_check_may_close_the_pipe(whole: Stack) -> None:
    command = f"{sys.executable} {ROOT / 'bot.py'} check | true; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["/bin/bash", "-c", command], env=whole.bot.environment, cwd=whole.bot.folder, capture_output=True, text=True
    )

    assert (ended.stdout.strip(), ended.stderr) == ("0", "")
