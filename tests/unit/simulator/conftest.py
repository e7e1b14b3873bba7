"""Fixtures that several test modules of the simulated Agora share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.agora import AgoraOptions, AgoraSimulator, ManualClock
from simulator.bucket import BucketOptions, BucketSimulator
from tests.unit.simulator.agora_client import ApiClient
from tests.unit.simulator.notification_rig import NotificationRig
from tests.unit.simulator.webhook import Webhook, WebhookServer


@pytest.fixture
def webhook_server() -> Iterator[WebhookServer]:
    webhook = WebhookServer()
    yield webhook
    webhook.close()


@pytest.fixture
def rig() -> NotificationRig:
    """Without a bucket."""
    clock, webhook = ManualClock(wall_start=1_800_000_000.25), Webhook()
    options = AgoraOptions(seed=1, qps=1000, webhook=webhook.url)
    return NotificationRig(ApiClient(AgoraSimulator(options, clock=clock), clock), webhook)


@pytest.fixture
def bucket_rig() -> NotificationRig:
    """With a bucket."""
    clock, webhook = ManualClock(), Webhook()
    bucket = BucketSimulator(BucketOptions(store="memory"), clock=clock)
    options = AgoraOptions(seed=1, qps=1000, webhook=webhook.url, real_media=False)
    agora = AgoraSimulator(options, clock=clock, bucket=bucket)
    return NotificationRig(ApiClient(agora, clock), webhook, bucket)
