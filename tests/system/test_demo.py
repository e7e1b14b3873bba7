"""`make demo` shows a recording from start to end, reports success by its exit code, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tools import tour

ROOT = Path(__file__).parents[2]
TOUR = tour.shown_in(tour.TOUR.read_text(encoding="utf-8"))
README = tour.README.read_text(encoding="utf-8")
STEPS = (
    "Ana starts a recording",
    "People join and talk",
    "Ben checks what is being recorded",
    "Agora moves the recorder: no false alarm",
    "The recorder dies: a new one takes over",
    "Ben stops the recording",
    "Ben gets the recording and plays it",
    "The bot shuts down",
)
NOWHERE = "http://127.0.0.1:9"
PROXIES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), NOWHERE)

NO_TERMINAL = {"COLUMNS": "80", "FORCE_COLOR": "", "TTY_COMPATIBLE": "0"}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | NO_TERMINAL | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_it_shows_each_step_without_a_terminal_and_ignores_proxies_and_settings() -> None:
    shown = run("demo.py", **PROXIES, AGORA_APP_ID="not an app id", PYTHONIOENCODING="utf-8")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert all(f"✓ {number}. {step}" in shown.stdout for number, step in enumerate(STEPS, start=1))
    assert shown.stderr == ""
    assert "<@" not in shown.stdout
    assert "<!date" not in shown.stdout
    assert "docs/setup.md" in shown.stdout.rpartition("✓")[2]
    played = {bare(entry) for entry in tour.entries(shown.stdout)}
    assert [entry for entry in lasting(TOUR) if bare(entry) not in played] == [], "run `make tour`"


def test_the_readme_shows_a_part_of_the_tour() -> None:
    lines = tour.shown_in(README).splitlines()
    assert 8 <= len(lines) <= 30
    assert [line for line in lines if line not in {*TOUR.splitlines(), tour.GAP}] == [], "run `make tour`"


def lasting(transcript: str) -> list[list[str]]:
    """The entries that every demo has. A bot on a busy machine skips an edit that the next one overwrites."""
    return [entry for entry in tour.entries(transcript) if not tour.is_edit(entry)]


def bare(entry: Sequence[str]) -> str:
    """The words of an entry without what differs in each run: times, numbers, references, where a line breaks."""
    words = " ".join(" ".join(entry).split())
    words = re.sub(r"[0-9a-f]{12,}|\d+(\.\d+)?", "0", re.sub(r"(\S+\.m3u8,? ?)+", "files ", words))
    # Whether the recorder stored something between its move and its end depends on the machine.
    words = re.sub(r"(?:\u26a0\ufe0f [^\u26a0]*? recover (?:them|it)\. )+", "\u26a0\ufe0f not in the file ", words)
    words = re.sub(r"(?<!:)\b0:0\u20130:0\b(?!:)", "0:0", words)  # one time if both read the same
    return re.sub(r"\b(second|minute|file)s?\b", r"\1", re.sub(r"\b(today|tomorrow|yesterday)\b", "day", words))


def test_it_does_not_wait_for_a_state_that_the_card_never_shows() -> None:
    """Slack accepts no edit for 15 s. The recorder is back before that, and lost if it were not."""
    program = (
        "import demo, sys; failover = demo.Demo.failover;"
        "slow = lambda demo: (demo.slack.faults.add('chat.update', retry_after=15, times=1), failover(demo));"
        "demo.Demo.failover = slow; sys.exit(demo.main())"
    )
    shown = run("-c", program, PYTHONIOENCODING="utf-8")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert f"✓ {len(STEPS)}. {STEPS[-1]}" in shown.stdout


def test_a_failed_step_is_shown_with_the_end_of_the_log() -> None:
    program = "import demo, sys; demo.SETTINGS['QUERY_INTERVAL_SECONDS'] = 'soon'; sys.exit(demo.main())"
    shown = run("-c", program, PYTHONIOENCODING="ascii")
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert "This didn't happen: the bot connects to Slack" in shown.stdout
    assert "exit code 2" in shown.stdout
    assert "QUERY_INTERVAL_SECONDS" in shown.stdout
    assert "✓" not in shown.stdout


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for child processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_bot_behind(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "demo.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        while "/record start" not in (line := demo.stdout.readline()):
            assert line, "the demo ended early"
        bots = children(demo.pid)
        demo.send_signal(number)
        shown = demo.stdout.read()
        assert demo.wait(120) == 130
    assert "Interrupted" in shown
    assert bots
    assert not [bot for bot in bots if Path(f"/proc/{bot}").exists()]


def children(pid: int) -> list[int]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        if pids := [int(child) for task in tasks for child in task.read_text().split()]:
            return pids
    return []


def test_the_transcript_shows_messages_as_people_see_them() -> None:
    import demo  # not in every test process: it imports a video library

    section = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Recording daily*\nEnds soon"},
        "accessory": {"type": "overflow", "action_id": "more", "options": []},
    }
    buttons = {"type": "actions", "elements": [{"type": "button", "text": {"text": "Stop"}}, {"type": "overflow"}]}
    assert demo._words(section) == ["*Recording daily*  ⋯", "Ends soon"]
    assert demo._words(buttons) == ["[ Stop ]  ⋯"]
    assert demo._words({"type": "divider"}) == []
    assert demo._words({"type": "context", "elements": [{"type": "image"}, {"type": "mrkdwn", "text": "By"}]}) == ["By"]


def test_the_transcript_shows_times_as_the_message_wants_them() -> None:
    import demo

    noon = datetime.now().replace(hour=12, minute=5, second=9)
    assert demo._date(noon.timestamp(), "{time}") == "12:05"
    assert demo._date(noon.timestamp(), "{time_secs}") == "12:05:09"
    assert demo._date(noon.timestamp(), "{date_short_pretty} at {time}") == "today at 12:05"
    assert demo._date((noon + timedelta(days=1)).timestamp(), "{date_short_pretty}") == "tomorrow"
