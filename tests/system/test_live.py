"""`make live` between the simulators: what it asks for, what it waits for, and how it cleans up."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import settings
from agora.tokens import read_back
from simulator.agora import AgoraSimulator
from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import SlackSimulator
from tests.system.conftest import COMPRESSED

ROOT = Path(__file__).parents[2]
LIVE = ("-m", "tests.live")
WITHOUT_CHECK = ("-c", "import sys; from tests import live; live.check = lambda environment: 0; sys.exit(live.main())")
"""The setup is not checked again: that takes a process of its own."""
PATIENT = COMPRESSED | {
    "START_TIMEOUT_SECONDS": "100",
    "NOTHING_STORED_SECONDS": "100",
    "UNREACHABLE_ALERT_SECONDS": "100",
    "DELIVERY_TIMEOUT_SECONDS": "200",
}
"""A busy machine raises no alert; polling stays fast."""
OTHERS = re.compile("^(AGORA|SLACK|STORAGE|APP|CUSTOMER|BUCKET|ACCESS|SECRET|CI$)")


@pytest.fixture
def bucket() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


def environment(**given: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not OTHERS.match(name)} | given


@contextmanager
def live(
    slack: SlackSimulator, agora: AgoraSimulator, folder: Path, program: Sequence[str] = LIVE, **more: str
) -> Iterator[subprocess.Popen[str]]:
    given = environment(**slack.settings, **agora.settings, **PATIENT, **more, TMPDIR=str(folder))
    command = [sys.executable, *program, "--channel", "daily", "--patience", "0.8"]
    with subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    read = []
    for line in process.stdout:
        read.append(line)
        if words in line:
            return "".join(read)
    pytest.fail(f"it ended before {words!r}:\n{''.join(read)}")


def test_it_asks_for_what_people_do_and_sees_each_state(
    slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path
) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    with live(slack, agora, tmp_path) as process:
        read_until(process, "type:  /record start daily")
        ana.command("/record", "start daily", channel="daily")
        read_until(process, "Join the call daily")
        agora.join("daily", 1001)
        read_until(process, "type:  /record status")
        ana.command("/record", "status", channel="daily")
        read_until(process, "type:  /record stop")
        ben.command("/record", "stop", channel="daily")
        shown = read_until(process, "Alerts are not tried here")
        assert process.wait(120) == 0
    assert "its files were checked" in shown
    assert "the bot exited 0" in shown
    assert re.search(r"The bot found in simulated-recordings-\w+/\w+/\d{8}:", shown)
    assert not agora.running()


def test_what_is_not_reached_is_said_with_the_place_of_the_log(
    slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path
) -> None:
    with live(slack, agora, tmp_path, WITHOUT_CHECK, MAX_IDLE_SECONDS="20") as process:
        read_until(process, "/record start daily")
        slack.person("ana").command("/record", "start daily", channel="daily")
        shown = read_until(process, "The bot's log: ")
        assert process.wait(120) == 1
    assert "NOT REACHED: the first file is stored (status 5): it is ended, idle" in shown
    assert Path(shown.rpartition("The bot's log: ")[2].strip()).read_text()


def test_a_person_who_interrupts_it_leaves_no_recorder_behind(
    slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path
) -> None:
    with live(slack, agora, tmp_path, WITHOUT_CHECK) as process:
        read_until(process, "/record start daily")
        slack.person("ana").command("/record", "start daily", channel="daily")
        read_until(process, "Join the call")
        process.send_signal(signal.SIGINT)
        read_until(process, "NOT REACHED: interrupted")
        assert process.wait(120) == 1
    assert not agora.running()


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs it in this process with these settings alone. Returns its output, and that of the processes it starts."""

    from tests.live import main  # not in every test process: it imports a video library

    def run(**given: str) -> str:
        with monkeypatch.context() as patched:
            for name in os.environ.keys() - environment().keys():
                patched.delenv(name)
            for name, value in given.items():
                patched.setenv(name, value)
            patched.setattr(signal, "signal", lambda number, handler: None)
            assert main([]) == 2
        shown = capfd.readouterr()
        assert shown.err == ""
        return shown.out

    return run


def test_the_web_demo_gets_a_token_for_the_call(slack: SlackSimulator, agora: AgoraSimulator) -> None:
    from tests.live import join_link

    given = {**slack.settings, **agora.settings}
    query = parse_qs(urlsplit(join_link("team call", settings.load(given, ROOT / "no such file"))).query)
    assert query["channel"] == ["team call"]
    assert query["appid"] == [agora.account.app_id]
    contents = read_back(query["token"][0])
    assert contents is not None
    assert 3000 < contents.expires_at.timestamp() - time.time() <= 3600


@pytest.mark.parametrize(
    "setting",
    [{"AGORA_CHANNEL_PROFILE": "live"}, {"AGORA_ENCRYPTION_MODE": "1", "AGORA_ENCRYPTION_SECRET": "secret"}],
)
def test_the_web_demo_is_not_offered_for_calls_that_it_cannot_join(
    slack: SlackSimulator, agora: AgoraSimulator, setting: dict[str, str]
) -> None:
    from tests.live import join_link

    given = {**slack.settings, **agora.settings, **setting}
    assert join_link("daily", settings.load(given, ROOT / "no such file")) == ""


@pytest.mark.skipif((ROOT / ".env").exists(), reason="real settings are there")
def test_without_settings_it_says_what_it_needs(refused: Callable[..., str]) -> None:
    shown = refused()
    assert "SLACK_BOT_TOKEN is missing" in shown
    assert "make live needs real accounts" in shown


def test_it_does_not_run_in_ci(slack: SlackSimulator, agora: AgoraSimulator, refused: Callable[..., str]) -> None:
    assert "does not run in CI" in refused(**slack.settings, **agora.settings, CI="true")


def test_nothing_is_started_where_the_check_fails(
    slack: SlackSimulator, agora: AgoraSimulator, refused: Callable[..., str]
) -> None:
    shown = refused(**slack.settings, **agora.settings | {"AGORA_CUSTOMER_SECRET": "wrong"})
    assert "FAIL" in shown
    assert "agora credentials" in shown
    assert ">>>" not in shown
