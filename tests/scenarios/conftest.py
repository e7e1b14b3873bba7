"""A bot between the simulators, in one thread and on a manual clock: see `tests.scenarios.stack`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.webhook import WebhookClient
from structlog.testing import capture_logs
from structlog.typing import EventDict

from simulator.agora import AgoraOptions, AgoraSimulator
from simulator.bucket import BucketOptions, BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import SlackSimulator
from storage.database import Database
from tests.scenarios.adapters import respond_in_process
from tests.scenarios.stack import InDatabase, Stack

WEBHOOK = "http://bot.invalid/agora/webhook"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_start=1_781_696_520)


@pytest.fixture
def slack(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> SlackSimulator:
    """Answers to a response_url, which Slack's SDK sends over a socket of its own, go to the simulator as well."""
    simulator = SlackSimulator(clock=clock)
    simulator.seed()
    monkeypatch.setattr(WebhookClient, "send_dict", respond_in_process(simulator))
    return simulator


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    """What the bot has logged, oldest first; for scenarios about what is to be found in the log."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def agora_options() -> dict[str, Any]:
    """Another kind of Agora: a module or a test has its own, for example `NOTIFYING`."""
    return {}


NOTIFYING: dict[str, Any] = {"webhook": WEBHOOK}
"""An Agora whose notifications reach the bot, which has to know `stack.agora.webhook_secret`."""


@pytest.fixture
def bucket() -> BucketSimulator | None:
    """Scenarios about files have a bucket (`a_bucket`); for the others it is enough that nobody may look."""
    return None


def a_bucket(clock: ManualClock) -> BucketSimulator:
    return BucketSimulator(BucketOptions(store="memory"), clock=clock)


@pytest.fixture
def agora(agora_options: dict[str, Any], bucket: BucketSimulator | None, clock: ManualClock) -> AgoraSimulator:
    options = {"qps": 1000, "seed": 1, "real_media": False, **agora_options}
    return AgoraSimulator(AgoraOptions(**options), clock=clock, bucket=bucket)


@pytest.fixture
def stack(slack: SlackSimulator, agora: AgoraSimulator, bucket: BucketSimulator | None, clock: ManualClock) -> Stack:
    return Stack(slack, agora, bucket, clock)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def stack_on_sql(
    request: pytest.FixtureRequest, slack: SlackSimulator, agora: AgoraSimulator, clock: ManualClock, tmp_path: Path
) -> Iterator[Stack]:
    """The same on a real database of either kind."""
    sqlite = f"sqlite:///{tmp_path / 'recordings.db'}"
    database = Database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgresql_url"))
    database.migrate()
    yield Stack(slack, agora, None, clock, InDatabase(database))
    database.close()
