"""What the domain and the engine need from outside, as Protocols. `composition` connects the adapters to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from recordings.model.notifications import Ignored, Notification
from recordings.model.options import DEFAULT_OPTIONS, Layout, Options
from recordings.model.playlists import StoredFile
from recordings.model.recorder import Target
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted


class Clock(Protocol):
    """The time for every decision, wait and rate limiter."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment, for spans and deadlines: changes of the wall clock don't affect it."""


Wake = Callable[[], None]
"""Tells the engine in this process that a row is due."""


class CloudRecorder(Protocol):
    """Agora Cloud Recording: one HTTP request for each call, without retries.

    Every method raises an `AgoraError` if the answer is not a success. `timeout`: the seconds after which an answer is
    useless.
    """

    def acquire(self, channel: str, uid: int, timeout: float | None = None) -> str:
        """A resource id for one recorder with this uid in `channel`."""

    def start(
        self,
        target: Target,
        prefix: tuple[str, ...],
        timeout: float | None = None,
        options: Options = DEFAULT_OPTIONS,
        big_uid: int | None = None,
    ) -> str:
        """Returns the sid. `prefix`: the folders in the bucket (letters and digits only). `big_uid`: who is large in
        the speaker layout, which requires it."""

    def query(self, target: Target) -> RecorderStatus: ...

    def update_layout(self, target: Target, layout: Layout, big_uid: int | None) -> None:
        """Changes the layout of a running recorder. `big_uid`: as for `start`."""

    def stop(self, target: Target) -> StopAccepted: ...

    def users(self, channel: str, timeout: float | None = None) -> ChannelUsers:
        """Who is in the channel; nobody if the channel does not exist."""

    def throw_out(self, channel: str, uid: int) -> None:
        """Removes this uid from the channel. A recorder that is removed ends."""


class Headers(Protocol):
    """HTTP headers, looked up without regard to case."""

    def get(self, name: str, /) -> str | None: ...


class NotificationSource(Protocol):
    """Agora's notifications, as they arrive over HTTP."""

    def read(self, headers: Headers, body: bytes) -> Notification | Ignored:
        """Checks the signature of the raw body, then reads it. Raises `WrongSignature`, `MalformedNotification`."""


class Bucket(Protocol):
    """The bucket that Agora uploads to. Every method raises a `BucketError`, and has a timeout."""

    @property
    def name(self) -> str: ...

    def list(self, prefix: str) -> Sequence[StoredFile]:
        """Every object whose key begins with `prefix`, which need not be a folder, in the order of the keys."""

    def text(self, key: str) -> str:
        """The content of a small object, such as a playlist, as text: 5 MB at most."""

    def put(self, key: str, content: bytes) -> None:
        """Stores an object, and replaces one with the same key."""

    def delete(self, key: str) -> None:
        """Removes an object. It is no error if there is none."""

    def link(self, key: str, seconds: float) -> str:
        """A signed URL: anyone who has it can get the object for `seconds` (1 s to 7 days).

        It is made without a request: only its use shows whether the object exists and whether the key may read it.
        """


class CheckChannelName(Protocol):
    """Raises `InvalidChannelName` if Agora does not allow this name for a channel."""

    def __call__(self, name: str, /) -> None: ...


class Meter(Protocol):
    """The metrics. It never fails. Labels are words of the program, never names of channels or people."""

    def step(self, work: str, seconds: float, outcome: str) -> None:
        """One step of one kind of work. `outcome`: `done`, or the name of the error."""

    def agora_call(self, operation: str, seconds: float, outcome: str) -> None:
        """One request to Agora. `outcome`: `ok`, or the name of the error."""

    def bucket_check(self, seconds: float, outcome: str) -> None:
        """One delivery check. `outcome`: `ok`, or the name of the error."""

    def alert(self, kind: str, reason: str, outcome: str) -> None:
        """One alert. `outcome`: `delivered`, `redirected` to a person, or `undeliverable`."""

    def notification_missed(self) -> None:
        """An expected notification of Agora did not arrive."""

    def unknown_uid(self) -> None:
        """A uid in the range of the recorders that belongs to no known recorder."""

    def notification(self, event: str, outcome: str) -> None:
        """One notification of Agora. `event`: its number, or `other`. `outcome`: `kept`, `repeated`, `ignored`,
        `malformed`, `refused`, `limited` or `unavailable`."""


class NoMeter:
    """A meter that ignores everything."""

    def step(self, work: str, seconds: float, outcome: str) -> None: ...
    def agora_call(self, operation: str, seconds: float, outcome: str) -> None: ...
    def bucket_check(self, seconds: float, outcome: str) -> None: ...
    def alert(self, kind: str, reason: str, outcome: str) -> None: ...
    def notification_missed(self) -> None: ...
    def unknown_uid(self) -> None: ...
    def notification(self, event: str, outcome: str) -> None: ...
