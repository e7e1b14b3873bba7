"""The JSON that goes to Agora: pure functions. What each field means: doc pages cloud-recording/rest-api."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from urllib.parse import urlsplit

from agora.tokens import MAX_UID
from agora.vendors import S3_COMPATIBLE, vendor_name
from recordings.model.options import DEFAULT_OPTIONS, Layout, Options, Resolution
from recordings.model.recorder import Target

Json = dict[str, object]

REGIONS = ("CN", "AP", "EU", "NA")
BAN_SECONDS = 600
"""A thrown out recorder stays out so long. Its uid is used for nothing else, so a ban costs nothing, and it keeps out
one that comes up late. Agora moves what lies outside 10 to 86,430 to the nearer end (endpoint kicking-rule)."""

PREFIX_LENGTH = 128
"""Characters of all folders together, with a slash behind each."""

_SALTED = (7, 8)
_HOURS = (72, 720)
_LEFT_FOR_THE_END = 1
_FRAMES_PER_SECOND = 15
_FOLDER_LENGTH = 64


class ChannelType(IntEnum):
    """The profile that the call's own SDK uses; a recorder with the other one hears nothing."""

    COMMUNICATION = 0
    LIVE = 1


# Width and height in pixels, and Kbps at 15 frames a second in a communication; twice as many in a live channel
# (doc page develop/recording-video-profile).
_PICTURES: Mapping[Resolution, tuple[int, int, int]] = {
    Resolution.P360: (640, 360, 400),
    Resolution.P480: (848, 480, 610),
    Resolution.P720: (1280, 720, 1130),
    Resolution.P1080: (1920, 1080, 2080),
}
_LIVE_TIMES = 2
# Doc page develop/layout.
_LAYOUTS: Mapping[Layout, int] = {Layout.FLOATING: 0, Layout.GRID: 1, Layout.SPEAKER: 2}
_SOUND, _SOUND_AND_PICTURE = 0, 2


@dataclass(frozen=True, slots=True)
class RecordingProfile:
    """How calls are recorded. Durations in seconds; `region` empty means anywhere.

    `ValueError` where Agora would refuse it; its text never shows a secret.
    """

    channel_type: ChannelType = ChannelType.COMMUNICATION
    max_idle_seconds: float = 300
    max_duration_seconds: float = 14400
    region: str = ""
    encryption_mode: int = 0
    encryption_secret: str = field(default="", repr=False)
    encryption_salt: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.region and self.region not in REGIONS:
            raise ValueError(f"the region must be one of {', '.join(REGIONS)}, or empty")
        if not 0 <= self.encryption_mode <= 8:
            raise ValueError("the encryption mode must be from 0 to 8")
        if self.encryption_mode and not self.encryption_secret:
            raise ValueError(f"encryption mode {self.encryption_mode} needs a secret")
        if self.encryption_mode in _SALTED and not self.encryption_salt:
            raise ValueError(f"encryption mode {self.encryption_mode} needs a salt")


@dataclass(frozen=True, slots=True)
class StorageTarget:
    """The bucket that recordings go to; vendor and region are Agora's numbers (see `agora.vendors`).

    `endpoint` is the host of S3-compatible storage, with or without a scheme.
    """

    vendor: int
    region: int
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    endpoint: str = ""

    def __post_init__(self) -> None:
        vendor_name(self.vendor)
        if self.vendor == S3_COMPATIBLE and not endpoint_host(self.endpoint):
            raise ValueError("S3-compatible storage needs an endpoint: its host name")


def acquire_body(channel: str, uid: int, profile: RecordingProfile) -> Json:
    """The body of `acquire`."""
    request: Json = {"scene": 0, "resourceExpiredHour": expiry_hours(profile.max_duration_seconds)}
    if profile.region:
        request["region"] = profile.region
    return {"cname": channel, "uid": uid_text(uid), "clientRequest": request}


def start_body(
    target: Target,
    prefix: tuple[str, ...],
    token: str,
    profile: RecordingProfile,
    storage: StorageTarget,
    options: Options = DEFAULT_OPTIONS,
    big_uid: int | None = None,
) -> Json:
    """The body of `start` in composite mode (`mix`). It carries secrets: never log it."""
    request: Json = {
        "recordingConfig": _recording_config(profile, options, big_uid),
        # Agora refuses ["mp4"] alone. Of sound only it makes MP4 files as well (doc page develop/composite-mode).
        "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        "storageConfig": _storage_config(storage, prefix),
    }
    if token:
        request["token"] = token
    return {"cname": target.channel, "uid": uid_text(target.uid), "clientRequest": request}


def layout_body(target: Target, layout: Layout, big_uid: int | None) -> Json:
    """The body of `updateLayout`."""
    return {"cname": target.channel, "uid": uid_text(target.uid), "clientRequest": _layout(layout, big_uid)}


def stop_body(target: Target) -> Json:
    """The body of `stop`. Asynchronous: the other kind waits for the upload, up to 20 s."""
    return {"cname": target.channel, "uid": uid_text(target.uid), "clientRequest": {"async_stop": True}}


def kick_body(app_id: str, channel: str, uid: int) -> Json:
    """The body that throws a uid out of a channel."""
    # Without a uid, or with 0, the rule would be for everybody in the channel.
    return {
        "appid": app_id,
        "cname": channel,
        "uid": int(uid_text(uid)),
        "time_in_seconds": BAN_SECONDS,
        "privileges": ["join_channel"],
    }


def uid_text(uid: int) -> str:
    """A uid as Agora wants it; `ValueError` outside 1 to 2**32 - 1."""
    if not 1 <= uid <= MAX_UID:
        raise ValueError(f"a uid is from 1 to {MAX_UID}, not {uid}")
    return str(uid)


def expiry_hours(max_duration_seconds: float) -> int:
    """How many hours Agora must answer for a recording: its longest duration and the time to end it."""
    hours = math.ceil(max_duration_seconds / 3600) + _LEFT_FOR_THE_END
    least, most = _HOURS
    return min(max(hours, least), most)


def endpoint_host(endpoint: str) -> str:
    """The host of an endpoint (with its port, where one is given), without scheme, credentials, path."""
    text = endpoint.strip()
    return urlsplit(text if "//" in text else f"//{text}").netloc.rpartition("@")[2]


def file_name_prefix(slack_channel: str, day: date) -> tuple[str, ...]:
    """The folders for what is recorded for this Slack channel on this day. Letters and digits only, as Agora asks."""
    return _folder(slack_channel), f"{day:%Y%m%d}"


def _folder(name: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9]", "", name)
    if letters == name and 0 < len(name) <= _FOLDER_LENGTH:
        return name
    # What was cut away may have been all the difference between two names.
    return letters[: _FOLDER_LENGTH // 2] + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


def _recording_config(profile: RecordingProfile, options: Options, big_uid: int | None) -> Json:
    # No subscription lists: without them Agora records everybody (doc page develop/subscription).
    config: Json = {
        "channelType": int(profile.channel_type),
        "streamTypes": _SOUND_AND_PICTURE if options.has_picture else _SOUND,
        "maxIdleTime": max(5, math.ceil(profile.max_idle_seconds)),
    }
    if options.has_picture:
        config["transcodingConfig"] = _picture(profile, options.resolution) | _layout(options.layout, big_uid)
    return config | _decryption(profile)


def _picture(profile: RecordingProfile, resolution: Resolution) -> Json:
    width, height, bitrate = _PICTURES[resolution]
    times = _LIVE_TIMES if profile.channel_type is ChannelType.LIVE else 1
    return {"width": width, "height": height, "fps": _FRAMES_PER_SECOND, "bitrate": bitrate * times}


def _layout(layout: Layout, big_uid: int | None) -> Json:
    """`ValueError` where nobody is to be large and somebody has to be."""
    if layout is not Layout.SPEAKER:
        return {"mixedVideoLayout": _LAYOUTS[layout]}
    if big_uid is None:
        raise ValueError("the speaker layout needs somebody who is large")
    return {"mixedVideoLayout": _LAYOUTS[layout], "maxResolutionUid": uid_text(big_uid)}


def _decryption(profile: RecordingProfile) -> Json:
    if not profile.encryption_mode:
        return {}
    keys: Json = {"decryptionMode": profile.encryption_mode, "secret": profile.encryption_secret}
    return keys | {"salt": profile.encryption_salt} if profile.encryption_mode in _SALTED else keys


def _storage_config(storage: StorageTarget, prefix: tuple[str, ...]) -> Json:
    config: Json = {
        "vendor": storage.vendor,
        "region": storage.region,
        "bucket": storage.bucket,
        "accessKey": storage.access_key,
        "secretKey": storage.secret_key,
        "fileNamePrefix": list(_checked(prefix)),
    }
    if storage.vendor == S3_COMPATIBLE:
        config["extensionParams"] = {"endpoint": endpoint_host(storage.endpoint)}
    return config


def _checked(prefix: tuple[str, ...]) -> tuple[str, ...]:
    fits = sum(len(folder) + 1 for folder in prefix) <= PREFIX_LENGTH
    if not fits or not all(re.fullmatch(r"[A-Za-z0-9]+", folder) for folder in prefix):
        raise ValueError(f"a prefix is letters and digits, {PREFIX_LENGTH} characters with slashes, not {prefix!r}")
    return prefix
