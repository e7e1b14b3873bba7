"""A simulated Agora whose notifications a test receives, while it moves the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.agora import AgoraSimulator, Delivery
from simulator.bucket import BucketSimulator
from tests.unit.simulator.agora_client import ApiClient, Task
from tests.unit.simulator.webhook import Webhook

STARTING = [30, 40]
FIRST_MEDIA = [43, 44, 42]


@dataclass
class NotificationRig:
    """Agora, a webhook, and perhaps a bucket, in one thread."""

    client: ApiClient
    webhook: Webhook
    bucket: BucketSimulator | None = None

    @property
    def agora(self) -> AgoraSimulator:
        return self.client.simulator

    def advance(self, *steps: float) -> None:
        """Let time pass, step by step; after each step, everything due is uploaded and delivered."""
        for seconds in steps:
            self.client.clock.advance(seconds)
            if self.bucket is not None:
                self.agora.upload_due()
            self.deliver()

    def deliver(self) -> None:
        """Deliver everything that is due now."""
        self.agora.deliver_due(self.webhook.post)

    def start(self, channel: str = "daily", uid: str = "1001", **changes: Any) -> Task:
        """A recorder that has joined the empty channel."""
        if self.bucket is not None:
            changes = {"storageConfig": self.storage(), **changes}
        task = self.client.task(channel, uid, **changes)
        self.advance(3)
        return task

    def recording(self, seconds: float = 20, **changes: Any) -> Task:
        """A recorder that has recorded for that long."""
        self.agora.join("daily", 7)
        task = self.start(**changes)
        self.advance(seconds)
        return task

    @property
    def stored(self) -> BucketSimulator:
        """The bucket, if there is one."""
        assert self.bucket is not None
        return self.bucket

    def storage(self) -> dict[str, object]:
        settings = self.stored.settings
        return {
            "vendor": 11,
            "region": 0,
            "bucket": settings["STORAGE_BUCKET"],
            "accessKey": settings["STORAGE_ACCESS_KEY"],
            "secretKey": settings["STORAGE_SECRET_KEY"],
            "extensionParams": {"endpoint": self.stored.endpoint},
        }

    def forget(self) -> None:
        """Deliver what is due, and forget it."""
        self.deliver()
        self.webhook.received.clear()

    def stop(self, task: Task) -> None:
        self.client.stop(task)
        self.deliver()

    def send(self, event: int = 40, target: str = "daily", **details: Any) -> str:
        """Send one notification, whatever Agora itself would send."""
        number = self.agora.send(target, event, **details)
        self.deliver()
        return number

    def last(self) -> Delivery:
        return self.agora.sent()[-1]
