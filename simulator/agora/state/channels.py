"""Channels: the people in them, and the kicking rules that keep people out."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from simulator.agora.fields import Fields, section
from simulator.agora.state.file_names import Stream

Uid = int | str
PROFILES = ("communication", "live")
ROLES = ("host", "audience")


@dataclass(frozen=True)
class Person:
    """Somebody in a channel; a uid that is a string can't be recorded."""

    uid: Uid
    audio: bool = True
    video: bool = True
    role: str = "host"

    @property
    def number(self) -> int:
        """The uid that Agora's user lists show."""
        return self.uid if isinstance(self.uid, int) else zlib.crc32(self.uid.encode())

    def streams(self) -> Iterable[Stream]:
        """The streams that this person publishes."""
        if self.role == "host" and isinstance(self.uid, int):
            yield from ((self.uid, kind) for kind in ("audio", "video") if getattr(self, kind))


@dataclass
class Channel:
    """One channel; for Agora it exists while somebody is in it."""

    name: str
    profile: str = "communication"
    encryption: tuple[int, str] = (0, "")
    """Decryption mode and secret that the people's own SDK uses."""
    people: dict[Uid, Person] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether people joined with the live profile."""
        return self.profile == "live"

    @property
    def empty(self) -> bool:
        """Whether the channel counts as empty for `maxIdleTime`."""
        return not any(not self.live or person.role == "host" for person in self.people.values())

    def publish(self, uid: Uid, audio: bool | None, video: bool | None) -> None:
        """Switch somebody's microphone or camera; None leaves it as it is."""
        person = self.people[uid]
        self.people[uid] = replace(
            person,
            audio=person.audio if audio is None else audio,
            video=person.video if video is None else video,
        )

    def streams_for(self, request: Fields) -> set[Stream]:
        """The streams that a recorder with that request can record: none if profile or encryption don't match."""
        recording = section(request, "recordingConfig")
        if (recording.get("channelType", 0) == 1) != self.live:
            return set()
        mode = recording.get("decryptionMode", 0)
        if (mode, recording.get("secret", "") if mode else "") != self.encryption:
            return set()
        wanted = {0: ("audio",), 1: ("video",)}.get(int(str(recording.get("streamTypes", 2))), ("audio", "video"))
        return {stream for person in self.people.values() for stream in person.streams() if stream[1] in wanted}


@dataclass(frozen=True)
class KickingRule:
    """Keeps users out of a channel, or takes their microphone or camera."""

    number: int
    channel: str | None
    uid: int | None
    ip: str | None
    privileges: tuple[str, ...]
    until: float
    """When the ban ends, by the simulator's monotonic clock."""
    until_wall: float
    made_wall: float

    def concerns(self, channel: str, uid: Uid) -> bool:
        """Whether it applies to that user there; a rule for an IP address alone applies to no one here."""
        if self.channel is None and self.uid is None:
            return False
        return self.channel in (None, channel) and self.uid in (None, uid)

    def bans(self, channel: str, uid: Uid, now: float) -> bool:
        """Whether that user can't join there now."""
        return "join_channel" in self.privileges and now < self.until and self.concerns(channel, uid)
