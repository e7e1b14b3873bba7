"""`make demo` shows a recording from start to end, reports success by its exit code, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEPS = (
    "Ana starts a recording",
    "People talk, and the first file is stored",
    "Ben asks how it goes",
    "A failover that alarms nobody",
    "A recorder that dies, and another one that records on",
    "Ben stops it",
    "The files are there, and Ben plays the recording",
    "The end",
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
    assert [line for line in transcript() if bare(line) not in {bare(line) for line in shown.stdout.splitlines()}] == []


def transcript() -> list[str]:
    """The demo's transcript in README.md. If it is out of date, paste the output of `make demo` there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = readme.split("<!-- transcript -->\n```\n")[1].split("```")[0].splitlines()
    return [line for line in lines if line != "…"]


def bare(line: str) -> str:
    """The line without the parts that differ in each run: times, file names, references."""
    return re.sub(r"[0-9a-f]{12,}|\d+", "0", line)


def test_a_failed_step_is_shown_with_the_end_of_the_log() -> None:
    program = "import demo, sys; demo.SETTINGS['QUERY_INTERVAL_SECONDS'] = 'soon'; sys.exit(demo.main())"
    shown = run("-c", program, PYTHONIOENCODING="ascii")
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert "This did not happen: the bot ended, with exit code 2, before: the bot connects to Slack" in shown.stdout
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
