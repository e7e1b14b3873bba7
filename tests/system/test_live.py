"""`make live` against the simulators: its prompts, waits and cleanup."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.agora import AgoraSimulator
from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import SlackSimulator
from tests.system.conftest import COMPRESSED

ROOT = Path(__file__).parents[2]
LIVE = (sys.executable, "-m", "tests.live")
REAL_SETTINGS = re.compile("^(AGORA|SLACK|STORAGE|APP|CUSTOMER|BUCKET|ACCESS|SECRET|CI$)")


@pytest.fixture
def bucket() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


def environment(**settings: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not REAL_SETTINGS.match(name)} | settings


@contextmanager
def live(slack: SlackSimulator, agora: AgoraSimulator, folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    variables = environment(**slack.settings, **agora.settings, **COMPRESSED, **more, TMPDIR=str(folder))
    command = [*LIVE, "--channel", "daily", "--patience", "0.1"]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    pytest.fail(f"it ended before {words!r}:\n{''.join(lines)}")


def test_it_prompts_for_each_action_and_waits_for_each_state(
    slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path
) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    with live(slack, agora, tmp_path) as process:
        read_until(process, "type:  /record start daily")
        ana.command("/record", "start daily", channel="daily")
        read_until(process, "Join the Agora channel daily")
        agora.join("daily", 1001)
        read_until(process, "type:  /record status")
        ana.command("/record", "status", channel="daily")
        read_until(process, "or type:  /record stop")
        ben.command("/record", "stop", channel="daily")
        shown = read_until(process, "Alerts are not tried here")
        assert process.wait(20) == 0
    assert "it is over, and the bucket was looked into" in shown
    assert "the bot exited 0" in shown
    assert re.search(r"the bot found in simulated-recordings-\w+/\w+/\d{8}:", shown)
    assert not agora.running()


def test_it_names_the_state_that_was_not_reached_and_the_log(
    slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path
) -> None:
    with live(slack, agora, tmp_path, MAX_IDLE_SECONDS="20") as process:
        read_until(process, "/record start daily")
        slack.person("ana").command("/record", "start daily", channel="daily")
        shown = read_until(process, "The bot's log: ")
        assert process.wait(20) == 1
    assert "NOT REACHED: the first file is stored (status 5): it is ended, idle" in shown
    assert Path(shown.rpartition("The bot's log: ")[2].strip()).read_text()


def test_an_interrupt_leaves_no_recorder_behind(slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path) -> None:
    with live(slack, agora, tmp_path) as process:
        read_until(process, "/record start daily")
        slack.person("ana").command("/record", "start daily", channel="daily")
        read_until(process, "Join the Agora channel")
        process.send_signal(signal.SIGINT)
        read_until(process, "NOT REACHED: interrupted")
        assert process.wait(60) == 1
    assert not agora.running()


def output_of_refusal(**settings: str) -> str:
    result = subprocess.run(LIVE, cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert result.stderr == ""
    return result.stdout


@pytest.mark.skipif((ROOT / ".env").exists(), reason="there are real settings")
def test_without_settings_it_names_the_missing_ones() -> None:
    shown = output_of_refusal()
    assert "SLACK_BOT_TOKEN is missing" in shown
    assert "make live needs real accounts" in shown


def test_it_refuses_to_run_in_ci(slack: SlackSimulator, agora: AgoraSimulator) -> None:
    assert "does not run in CI" in output_of_refusal(**slack.settings, **agora.settings, CI="true")


def test_nothing_starts_if_the_check_fails(slack: SlackSimulator, agora: AgoraSimulator) -> None:
    shown = output_of_refusal(**slack.settings, **agora.settings | {"AGORA_CUSTOMER_SECRET": "wrong"})
    assert "FAIL" in shown
    assert "agora credentials" in shown
    assert ">>>" not in shown
