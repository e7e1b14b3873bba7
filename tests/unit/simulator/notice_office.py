"""A simulated Agora whose notices a test receives, while it moves the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.agora import AgoraSimulator, Delivery
from simulator.bucket import BucketSimulator
from tests.unit.simulator.agora_caller import Caller, Task
from tests.unit.simulator.webhook import Webhook

STARTING = [30, 40]
FIRST_MEDIA = [43, 44, 42]


@dataclass
class Office:
    """A simulated Agora whose time a test moves, and the webhook that it notifies."""

    caller: Caller
    webhook: Webhook
    bucket: BucketSimulator | None = None

    @property
    def agora(self) -> AgoraSimulator:
        return self.caller.simulator

    def passes(self, *steps: float) -> None:
        """Let time pass, step by step, and everything due be tried."""
        for seconds in steps:
            self.caller.clock.advance(seconds)
            if self.bucket is not None:
                self.agora.carried()
            self.agora.delivered()

    def start(self, channel: str = "daily", uid: str = "1001", **changes: Any) -> Task:
        """A recorder that is in the channel, where nobody is yet."""
        if self.bucket is not None:
            changes = {"storageConfig": self.storage(), **changes}
        task = self.caller.task(channel, uid, **changes)
        self.passes(3)
        return task

    def recording(self, seconds: float = 20, **changes: Any) -> Task:
        """A recorder that has recorded that much."""
        self.agora.join("daily", 7)
        task = self.start(**changes)
        self.passes(seconds)
        return task

    @property
    def stored(self) -> BucketSimulator:
        """The bucket, where there is one."""
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
        """What came so far is of no interest."""
        self.agora.delivered()
        self.webhook.got.clear()

    def stop(self, task: Task) -> None:
        self.caller.stop(task)
        self.agora.delivered()

    def hand(self, event: int = 40, target: str = "daily", **details: Any) -> str:
        """Send one by hand, and wait until it has been tried."""
        number = self.agora.send(target, event, **details)
        self.agora.delivered()
        return number

    def last(self) -> Delivery:
        return self.agora.sent()[-1]
