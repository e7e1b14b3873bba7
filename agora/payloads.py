"""Builds the request bodies of Agora's REST API. Pure functions. Fields: doc pages cloud-recording/rest-api."""

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
"""How long a removed uid stays banned. Only one recorder ever uses that uid, so the ban costs nothing, and it keeps out
a recorder that comes up late. Agora clamps to 10 to 86,430 s (endpoint kicking-rule)."""

PREFIX_LENGTH = 128
"""Maximum length of all folders together, with a slash after each."""

_MODES_WITH_SALT = (7, 8)
_EXPIRY_HOURS = (72, 720)
_HOURS_TO_STOP = 1
_FRAMES_PER_SECOND = 15
_FOLDER_LENGTH = 64


class ChannelType(IntEnum):
    """The channel profile that the call's SDK uses. A recorder with the other profile receives no streams."""

    COMMUNICATION = 0
    LIVE = 1


# Width and height in pixels, and the bitrate in Kbps at 15 fps with the communication profile (doc page
# develop/recording-video-profile).
_VIDEO_PROFILES: Mapping[Resolution, tuple[int, int, int]] = {
    Resolution.P360: (640, 360, 400),
    Resolution.P480: (848, 480, 610),
    Resolution.P720: (1280, 720, 1130),
    Resolution.P1080: (1920, 1080, 2080),
}
_LIVE_BITRATE_FACTOR = 2
# Doc page develop/layout.
_LAYOUT_NUMBERS: Mapping[Layout, int] = {Layout.FLOATING: 0, Layout.GRID: 1, Layout.SPEAKER: 2}
_AUDIO_ONLY, _AUDIO_AND_VIDEO = 0, 2


@dataclass(frozen=True, slots=True)
class RecordingProfile:
    """How every call is recorded. Durations in seconds; an empty `region` lets recorders run anywhere.

    Raises `ValueError` for what Agora would reject; the message never contains a secret.
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
        if self.encryption_mode in _MODES_WITH_SALT and not self.encryption_salt:
            raise ValueError(f"encryption mode {self.encryption_mode} needs a salt")


@dataclass(frozen=True, slots=True)
class StorageTarget:
    """The bucket that Agora uploads to; vendor and region are Agora's numbers (see `agora.vendors`).

    `endpoint`: the host of S3-compatible storage, with or without a scheme.
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


@dataclass(frozen=True, slots=True)
class StartRequest:
    """One `start`. `prefix`: folders in the bucket; `big_uid`: the large user of the speaker layout."""

    target: Target
    prefix: tuple[str, ...]
    token: str = field(default="", repr=False)
    options: Options = DEFAULT_OPTIONS
    big_uid: int | None = None


def acquire_body(channel: str, uid: int, profile: RecordingProfile) -> Json:
    """The body of `acquire`."""
    request: Json = {"scene": 0, "resourceExpiredHour": expiry_hours(profile.max_duration_seconds)}
    if profile.region:
        request["region"] = profile.region
    return {"cname": channel, "uid": uid_text(uid), "clientRequest": request}


def start_body(request: StartRequest, profile: RecordingProfile, storage: StorageTarget) -> Json:
    """The body of `start` in composite mode (`mix`). It contains secrets: never log it."""
    client_request: Json = {
        "recordingConfig": _recording_config(profile, request.options, request.big_uid),
        # Agora rejects ["mp4"] alone. It also makes MP4 files of audio alone (doc page develop/composite-mode).
        "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        "storageConfig": _storage_config(storage, request.prefix),
    }
    if request.token:
        client_request["token"] = request.token
    return _body(request.target, client_request)


def layout_body(target: Target, layout: Layout, big_uid: int | None) -> Json:
    """The body of `updateLayout`."""
    return _body(target, _layout(layout, big_uid))


def stop_body(target: Target) -> Json:
    """The body of an asynchronous `stop`: a synchronous one waits up to 20 s for the upload."""
    return _body(target, {"async_stop": True})


def kick_body(app_id: str, channel: str, uid: int) -> Json:
    """The body of the kicking rule that removes a uid from a channel."""
    # Without a uid, or with 0, the rule would apply to every user in the channel.
    return {
        "appid": app_id,
        "cname": channel,
        "uid": int(uid_text(uid)),
        "time_in_seconds": BAN_SECONDS,
        "privileges": ["join_channel"],
    }


def uid_text(uid: int) -> str:
    """A uid as a decimal string. Raises `ValueError` outside 1 to 2**32 - 1."""
    if not 1 <= uid <= MAX_UID:
        raise ValueError(f"a uid is from 1 to {MAX_UID}, not {uid}")
    return str(uid)


def expiry_hours(max_duration_seconds: float) -> int:
    """How long Agora accepts calls for a recording, in hours: its maximum duration and the time to stop it."""
    hours = math.ceil(max_duration_seconds / 3600) + _HOURS_TO_STOP
    minimum, maximum = _EXPIRY_HOURS
    return min(max(hours, minimum), maximum)


def endpoint_host(endpoint: str) -> str:
    """The host (and port, if any) of an endpoint, without scheme, credentials and path."""
    text = endpoint.strip()
    return urlsplit(text if "//" in text else f"//{text}").netloc.rpartition("@")[2]


def file_name_prefix(slack_channel: str, day: date) -> tuple[str, ...]:
    """The folders for recordings of this Slack channel on this day: letters and digits only, as Agora requires."""
    return _folder(slack_channel), f"{day:%Y%m%d}"


def _body(target: Target, client_request: Json) -> Json:
    return {"cname": target.channel, "uid": uid_text(target.uid), "clientRequest": client_request}


def _folder(name: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9]", "", name)
    if letters == name and 0 < len(name) <= _FOLDER_LENGTH:
        return name
    # Two names may differ only in the removed characters; the hash keeps their folders apart.
    return letters[: _FOLDER_LENGTH // 2] + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


def _recording_config(profile: RecordingProfile, options: Options, big_uid: int | None) -> Json:
    # Without subscription lists Agora records everybody (doc page develop/subscription).
    config: Json = {
        "channelType": int(profile.channel_type),
        "streamTypes": _AUDIO_AND_VIDEO if options.has_picture else _AUDIO_ONLY,
        "maxIdleTime": max(5, math.ceil(profile.max_idle_seconds)),
    }
    if options.has_picture:
        config["transcodingConfig"] = _video_profile(profile, options.resolution) | _layout(options.layout, big_uid)
    return config | _decryption(profile)


def _video_profile(profile: RecordingProfile, resolution: Resolution) -> Json:
    width, height, bitrate = _VIDEO_PROFILES[resolution]
    factor = _LIVE_BITRATE_FACTOR if profile.channel_type is ChannelType.LIVE else 1
    return {"width": width, "height": height, "fps": _FRAMES_PER_SECOND, "bitrate": bitrate * factor}


def _layout(layout: Layout, big_uid: int | None) -> Json:
    """Raises `ValueError` for the speaker layout without `big_uid`."""
    if layout is not Layout.SPEAKER:
        return {"mixedVideoLayout": _LAYOUT_NUMBERS[layout]}
    if big_uid is None:
        raise ValueError("the speaker layout needs somebody who is large")
    return {"mixedVideoLayout": _LAYOUT_NUMBERS[layout], "maxResolutionUid": uid_text(big_uid)}


def _decryption(profile: RecordingProfile) -> Json:
    if not profile.encryption_mode:
        return {}
    keys: Json = {"decryptionMode": profile.encryption_mode, "secret": profile.encryption_secret}
    return keys | {"salt": profile.encryption_salt} if profile.encryption_mode in _MODES_WITH_SALT else keys


def _storage_config(storage: StorageTarget, prefix: tuple[str, ...]) -> Json:
    config: Json = {
        "vendor": storage.vendor,
        "region": storage.region,
        "bucket": storage.bucket,
        "accessKey": storage.access_key,
        "secretKey": storage.secret_key,
        "fileNamePrefix": list(_checked_prefix(prefix)),
    }
    if storage.vendor == S3_COMPATIBLE:
        config["extensionParams"] = {"endpoint": endpoint_host(storage.endpoint)}
    return config


def _checked_prefix(prefix: tuple[str, ...]) -> tuple[str, ...]:
    is_short = sum(len(folder) + 1 for folder in prefix) <= PREFIX_LENGTH
    if not is_short or not all(re.fullmatch(r"[A-Za-z0-9]+", folder) for folder in prefix):
        raise ValueError(f"a prefix is letters and digits, {PREFIX_LENGTH} characters with slashes, not {prefix!r}")
    return prefix
