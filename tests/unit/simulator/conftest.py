"""What several test modules of the simulated Agora start with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.agora import AgoraSimulator, ManualClock
from simulator.bucket import BucketSimulator
from tests.unit.simulator.agora_caller import Caller
from tests.unit.simulator.notice_office import Office
from tests.unit.simulator.webhook import Webhook


@pytest.fixture(scope="module")
def listening() -> Iterator[Webhook]:
    webhook = Webhook()
    yield webhook
    webhook.close()


@pytest.fixture
def webhook(listening: Webhook) -> Iterator[Webhook]:
    listening.got.clear()
    listening.statuses.clear()
    yield listening
    listening.open.set()


@pytest.fixture
def office(webhook: Webhook) -> Iterator[Office]:
    clock = ManualClock(wall_start=1_800_000_000.25)
    with AgoraSimulator(clock=clock, seed=1, qps=1000, webhook=webhook.url) as agora:
        yield Office(Caller(agora, clock), webhook)


@pytest.fixture(scope="module")
def served() -> Iterator[BucketSimulator]:
    with BucketSimulator() as bucket:
        yield bucket


@pytest.fixture
def stored(served: BucketSimulator, webhook: Webhook) -> Iterator[Office]:
    served.reset()
    clock = ManualClock()
    with AgoraSimulator(clock=clock, seed=1, qps=1000, bucket=served, webhook=webhook.url) as agora:
        yield Office(Caller(agora, clock), webhook, served)
