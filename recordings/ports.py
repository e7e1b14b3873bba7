"""What the domain needs from outside, as Protocols. `bot.py` plugs the adapters in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]
"""The time now, aware, in UTC."""

Wake = Callable[[], None]
"""Tells the engine of this process that a row is due."""


@dataclass(frozen=True, slots=True)
class Target:
    """A recorder as Agora's calls name it. `sid` is empty until `start` was answered."""

    channel: str
    uid: int
    resource_id: str
    sid: str = ""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """An answer to `query`: Agora's status (0 to 8, 20) and the files that it names so far."""

    status: int
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopAccepted:
    """A 200 to `stop`: the files that Agora named, and `uploaded`, `backuped`, `unknown` or empty."""

    files: tuple[str, ...] = ()
    uploading_status: str = ""


@dataclass(frozen=True, slots=True)
class ChannelUsers:
    """The uids in a channel. `hosts` keep a recorder there: everybody, or in a live channel the broadcasters."""

    hosts: frozenset[int] = frozenset()
    audience: frozenset[int] = frozenset()


class CloudRecorder(Protocol):
    """Agora Cloud Recording, one HTTP request a call, no waiting between tries.

    Every method raises an `AgoraError` where the answer is not a success; `within`: the seconds after which an answer
    is of no use any more.
    """

    def acquire(self, channel: str, uid: int, within: float | None = None) -> str:
        """The resource id for one recording of `channel` by a recorder with this uid."""

    def start(self, target: Target, prefix: tuple[str, ...], within: float | None = None) -> str:
        """The sid. `prefix` names the folders in the bucket (letters and digits only)."""

    def query(self, target: Target) -> RecorderStatus: ...

    def stop(self, target: Target) -> StopAccepted: ...

    def users(self, channel: str, within: float | None = None) -> ChannelUsers:
        """Who is in the channel just now; nobody where the channel does not exist."""

    def throw_out(self, channel: str, uid: int) -> None:
        """Throws this uid out of the channel. A recorder that is thrown out ends."""


class CheckChannelName(Protocol):
    """Raises `InvalidChannelName` where this can't be the name of an Agora channel."""

    def __call__(self, name: str, /) -> None: ...
