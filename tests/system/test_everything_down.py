"""Slack, Agora, the database, the disk, the bot itself: whatever is away, the process lives, does what it can, and says
so."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.system.conftest import Office, payload, words

UNWRITTEN = "I can't write anything down just now"
PAUSE_SECONDS = 2.5


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, small enough to be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - where mount was found, so is umount


def readyz(port: int) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, {}


def wait_ready(office: Office, port: int, *wrong: str) -> None:
    """Until exactly these parts are not ok."""

    def fits() -> bool:
        code, parts = readyz(port)
        return code == (503 if wrong else 200) and {name for name, state in parts.items() if state != "ok"} == {*wrong}

    office.slack.wait_for(fits, timeout=20, what=f"{wrong or 'nothing'} named by /readyz: {readyz(port)}")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program writes, and does not come to an end."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        file.writelines(b"0" * 4096 for _ in range(10_000))


def alive(office: Office) -> bool:
    return office.bot.process is not None and office.bot.process.poll() is None


def nothing_starts(office: Office, name: str = "unwritten") -> None:
    """Whoever asks for a recording reads that it could not be written down, and none is started."""
    asked = len(office.agora.requests("acquire"))
    answer = office.command(f"start {name}", by="ben")
    assert UNWRITTEN in words(answer)
    assert office.cards(agora=name) == []
    assert len(office.agora.requests("acquire")) == asked
    assert alive(office)


def records_again(office: Office, name: str = "again") -> None:
    def started() -> bool:
        return "Asking Agora" in words(office.command(f"start {name}"))

    office.agora.join(name, 1001)
    office.slack.wait_for(started, timeout=20, what="a recording that could be written down")
    office.wait_card("recording", agora=name)


def test_with_slack_away_at_the_start_recordings_are_watched_and_alerts_wait(office: Office, port: int) -> None:
    office.start()
    office.recording()
    office.bot.kill()
    office.slack.down()
    office.bot.start(HTTP_PORT=str(port))
    office.after_queries(3)
    wait_ready(office, port, "slack")
    office.agora.crash("daily")
    office.slack.wait_for(lambda: "alert_deferred" in office.bot.log, timeout=20, what="an alert that waits")
    assert office.alerts() == []
    office.slack.up()
    office.wait_alert("recording_failed", "crashed", timeout=30)
    office.wait_card("failed", reason="crashed")
    wait_ready(office, port)
    assert office.alert_kinds() == [("recording_failed", "crashed")]


def test_with_agora_away_at_the_start_people_are_answered_and_told_once(office: Office, port: int) -> None:
    office.start()
    card = office.recording()
    office.bot.kill()
    office.agora.down()
    office.restart(HTTP_PORT=str(port))
    office.command("start second", by="ben")
    office.wait_alert("recording_warning", "agora_unreachable")
    office.wait_card("failed", reason="unavailable", agora="second")
    wait_ready(office, port)
    office.agora.up()
    office.wait_alert("recording_recovered", "agora_unreachable")
    office.after_queries(3)
    assert payload(card)["state"] == "recording"
    assert [recorder.sid for recorder in office.agora.running()] == [payload(card)["sid"]]
    assert sorted(office.alert_kinds()) == [
        ("recording_failed", "unavailable"),
        ("recording_recovered", "agora_unreachable"),
        ("recording_warning", "agora_unreachable"),
    ]


@pytest.mark.usefixtures("on_sqlite")
def test_with_a_locked_database_at_the_start_people_read_so_until_it_is_free(office: Office, port: int) -> None:
    office.start()
    office.bot.kill()
    with locked(office.bot.database):
        office.restart(HTTP_PORT=str(port))
        nothing_starts(office)
        assert readyz(port)[1]["database"] != "ok"
    records_again(office)
    wait_ready(office, port)


@pytest.mark.usefixtures("on_sqlite")
def test_with_no_database_at_the_start_people_read_so_until_there_is_one(office: Office, port: int) -> None:
    folder = office.bot.folder / "later"
    office.start(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///{folder}/recordings.db")
    nothing_starts(office)
    assert readyz(port)[1]["database"] != "ok"
    folder.mkdir()
    records_again(office)
    wait_ready(office, port)


@pytest.mark.usefixtures("on_sqlite")
def test_a_database_that_is_locked_for_a_while_costs_no_recording(office: Office, port: int) -> None:
    office.start(HTTP_PORT=str(port))
    card = office.recording()
    with locked(office.bot.database):
        nothing_starts(office)
        wait_ready(office, port, "database")
        assert payload(card)["agora_channel"] in words(office.command("status"))
    records_again(office)
    wait_ready(office, port)
    office.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert [recorder.sid for recorder in office.agora.running("daily")] == [payload(card)["sid"]]
    assert office.alerts() == []


@pytest.mark.usefixtures("on_sqlite")
def test_with_a_read_only_database_nothing_is_started(office: Office, port: int) -> None:
    office.start()
    card = office.recording()
    office.bot.kill()
    office.restart(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///file:{office.bot.database}?mode=ro&uri=true")
    nothing_starts(office)
    wait_ready(office, port, "database")
    assert payload(card)["agora_channel"] in words(office.command("status"))
    office.bot.kill()
    office.restart()
    records_again(office)
    assert len(office.agora.running()) == 2


def test_on_a_full_disk_nothing_is_started_and_what_runs_is_kept(disk: Path, office: Office, port: int) -> None:
    office.start(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///{disk}/recordings.db")
    card = office.recording()
    filler = disk / "filler"
    fill(filler)
    wait_ready(office, port, "database")
    nothing_starts(office)
    filler.unlink()
    records_again(office)
    wait_ready(office, port)
    office.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert office.alerts() == []


def test_a_bot_that_stood_still_says_so_once_in_each_channel_and_on_the_cards(office: Office) -> None:
    office.room("weekly")
    office.start()
    cards = [office.recording("daily"), office.recording("standup"), office.recording("weekly", channel="weekly")]
    assert office.bot.process is not None
    office.bot.process.send_signal(signal.SIGSTOP)
    stopped_at = time.monotonic()
    office.slack.wait_for(lambda: time.monotonic() > stopped_at + PAUSE_SECONDS, timeout=10)
    office.bot.process.send_signal(signal.SIGCONT)
    both = ("daily", "weekly")
    office.slack.wait_for(lambda: all(office.alerts(channel, unwatched=True) for channel in both), timeout=20)
    office.slack.wait_for(lambda: all("nobody watched" in card.said for card in cards), timeout=20)
    office.after_queries(9)
    for channel, card in (("daily", cards[0]), ("weekly", cards[2])):
        told = office.alerts(channel, unwatched=True)
        assert [payload(alert)["reason"] for alert in told] == ["unwatched"]
        assert told[0].thread_ts == card.ts
        assert told[0].broadcast
    for card in cards:
        line = next(line for line in card.said.splitlines() if "nobody watched" in line)
        begun, ended = (int(moment) for moment in re.findall(r"<!date\^(\d+)", line))
        assert PAUSE_SECONDS - 1.5 <= ended - begun <= 15
        assert payload(card)["state"] == "recording"
