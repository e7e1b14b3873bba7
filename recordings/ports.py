"""What the domain needs from outside, as Protocols. `bot.py` plugs the adapters in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from recordings.model.inventory import StoredFile
from recordings.model.notifications import Ignored, Notification
from recordings.model.options import DEFAULT, Layout, Options
from recordings.model.recorder import Target
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted


class Clock(Protocol):
    """The time, for every decision, wait and rate limiter."""

    def now(self) -> datetime:
        """The time of day: aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment: for spans and deadlines, whatever happens to the time of day."""


Wake = Callable[[], None]
"""Tells the engine of this process that a row is due."""


class CloudRecorder(Protocol):
    """Agora Cloud Recording, one HTTP request a call, no waiting between tries.

    Every method raises an `AgoraError` where the answer is not a success; `timeout`: the seconds after which an answer
    is of no use any more.
    """

    def acquire(self, channel: str, uid: int, timeout: float | None = None) -> str:
        """The resource id for one recording of `channel` by a recorder with this uid."""

    def start(
        self,
        target: Target,
        prefix: tuple[str, ...],
        timeout: float | None = None,
        options: Options = DEFAULT,
        big_uid: int | None = None,
    ) -> str:
        """The sid. `prefix` names the folders in the bucket (letters and digits only); `big_uid`: who is large in the
        speaker layout, which needs somebody."""

    def query(self, target: Target) -> RecorderStatus: ...

    def update_layout(self, target: Target, layout: Layout, big_uid: int | None) -> None:
        """Arranges people in the picture of a recorder that is up. `big_uid`: as for `start`."""

    def stop(self, target: Target) -> StopAccepted: ...

    def users(self, channel: str, timeout: float | None = None) -> ChannelUsers:
        """Who is in the channel just now; nobody where the channel does not exist."""

    def throw_out(self, channel: str, uid: int) -> None:
        """Throws this uid out of the channel. A recorder that is thrown out ends."""


class Headers(Protocol):
    """HTTP headers, looked up without regard to case."""

    def get(self, name: str, /) -> str | None: ...


class NotificationSource(Protocol):
    """Agora's notifications, as they arrive over HTTP."""

    def read(self, headers: Headers, body: bytes) -> Notification | Ignored:
        """Checks the signature of the raw body, then reads it. Raises `WrongSignature`, `MalformedNotification`."""


class Bucket(Protocol):
    """The bucket that Agora uploads to. Every method raises a `BucketError`; each is bounded in time."""

    @property
    def name(self) -> str: ...

    def list(self, prefix: str) -> Sequence[StoredFile]:
        """Every object whose key begins with this text (a text, not a folder), in the order of the keys."""

    def text(self, key: str) -> str:
        """The content of a small object such as a playlist (at most 5 MB), as text."""

    def put(self, key: str, content: bytes) -> None:
        """Stores an object, in place of one that has this key."""

    def delete(self, key: str) -> None:
        """Removes an object. It is no error where there is none."""

    def link(self, key: str, seconds: float) -> str:
        """A signed URL that gives the object to whoever has it, for so many seconds (1 s to 7 days).

        Nobody is asked for it: whether there is such an object, and whether the key may read it, shows when it is used.
        """


class CheckChannelName(Protocol):
    """Raises `InvalidChannelName` where this can't be the name of an Agora channel."""

    def __call__(self, name: str, /) -> None: ...


class Meter(Protocol):
    """Counts; never fails. Labels are words of the program, never names of channels or people."""

    def step(self, work: str, seconds: float, outcome: str) -> None:
        """One step of one kind of work: `done`, or the name of the error."""

    def agora_call(self, operation: str, seconds: float, outcome: str) -> None:
        """One request to Agora: `ok`, or the name of the error."""

    def bucket_look(self, seconds: float, outcome: str) -> None:
        """One look for the files of a recording: `ok`, or the name of the error."""

    def alert(self, kind: str, reason: str, outcome: str) -> None:
        """`delivered`, `redirected` to a person, or `undeliverable`."""

    def notice_missed(self) -> None:
        """A notice of Agora's that should have come did not."""

    def unknown_uid(self) -> None:
        """Somebody with a uid of the recorders' range whom no row knows."""

    def notification(self, event: str, outcome: str) -> None:
        """One notification of Agora's: its event as a number or `other`; `kept`, `repeated`, `ignored`, `malformed`,
        `refused`, `limited` or `unavailable`."""


class NoMeter:
    """Counts nothing."""

    def step(self, work: str, seconds: float, outcome: str) -> None: ...
    def agora_call(self, operation: str, seconds: float, outcome: str) -> None: ...
    def bucket_look(self, seconds: float, outcome: str) -> None: ...
    def alert(self, kind: str, reason: str, outcome: str) -> None: ...
    def notice_missed(self) -> None: ...
    def unknown_uid(self) -> None: ...
    def notification(self, event: str, outcome: str) -> None: ...
