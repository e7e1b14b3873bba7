"""Checks of request fields, as strict as the documentation; unknown keys pass."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

from simulator.agora.fields import MAX_UID, Fields, file_types, is_whole, section
from simulator.agora.http.answers import refuse, refuse_parameter

Check = Callable[[object], bool]

ALL_STREAMS = "#allstream#"
MODES = ("individual", "mix", "web")
_CHANNEL_NAME = re.compile(r"[a-zA-Z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_PIXELS = 1920 * 1080
REGIONS: Mapping[int, frozenset[int]] = {
    1: frozenset(range(26)) - {17, 23},
    2: frozenset(range(28)),
    3: frozenset(range(20)),
    5: frozenset({0}),
    6: frozenset({0}),
    7: frozenset(range(16)),
    8: frozenset(range(1, 8)),
    11: frozenset({0}),
}
"""Region numbers by storage vendor; some numbers are not in use."""


def _between(low: int, high: int | None = None) -> Check:
    return lambda value: type(value) is int and value >= low and (high is None or value <= high)


def _one_of(*allowed: str) -> Check:
    return lambda value: type(value) is str and value in allowed


def _filled(value: object) -> bool:
    return type(value) is str and value != ""


def _matching(pattern: re.Pattern[str]) -> Check:
    return lambda value: type(value) is str and pattern.fullmatch(value) is not None


def _list_of(check: Check, most: int | None = None) -> Check:
    return lambda value: type(value) is list and all(map(check, value)) and (most is None or len(value) <= most)


def _object(value: object) -> bool:
    return type(value) is dict


def is_uid(value: object) -> bool:
    """A decimal string from 1 to 2^32-1."""
    if type(value) is not str or not (value.isascii() and value.isdigit()):
        return False
    return len(value) <= 10 and 1 <= int(value) <= MAX_UID


def _subscribed(value: object) -> bool:
    return value == ALL_STREAMS or is_uid(value)


def _prefix(value: object) -> bool:
    folder = _matching(re.compile(r"[A-Za-z0-9]+"))
    return type(value) is list and all(map(folder, value)) and len("".join(f"{each}/" for each in value)) <= 128


def _file_types(value: object) -> bool:
    return type(value) is list and set(value) in ({"hls"}, {"hls", "mp4"})


def _salt(value: object) -> bool:
    if type(value) is not str:
        return False
    try:
        return len(base64.b64decode(value, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


ACQUIRE: Mapping[str, Check] = {
    "scene": _between(0, 1),
    "resourceExpiredHour": _between(1, 720),
    "excludeResourceIds": _list_of(_filled),
    "region": _one_of("CN", "AP", "EU", "NA"),
    "startParameter": _object,
}
START: Mapping[str, Check] = {
    "token": lambda value: type(value) is str,
    "storageConfig": _object,
    "recordingConfig": _object,
    "recordingFileConfig": _object,
    "snapshotConfig": _object,
    "extensionServiceConfig": _object,
}
STORAGE: Mapping[str, Check] = {
    "vendor": is_whole,
    "region": is_whole,
    "bucket": _filled,
    "accessKey": _filled,
    "secretKey": _filled,
    "stsToken": _filled,
    "stsExpiration": _between(1),
    "fileNamePrefix": _prefix,
    "extensionParams": _object,
}
EXTENSION: Mapping[str, Check] = {
    "sse": _one_of("kms", "aes256"),
    "tag": lambda value: type(value) is str,
}
RECORDING: Mapping[str, Check] = {
    "channelType": _between(0, 1),
    "decryptionMode": _between(0, 8),
    "secret": lambda value: type(value) is str,
    "salt": lambda value: type(value) is str,
    "maxIdleTime": _between(5, 2_592_000),
    "streamTypes": _between(0, 2),
    "videoStreamType": _between(0, 1),
    "subscribeAudioUids": _list_of(_subscribed, 32),
    "unsubscribeAudioUids": _list_of(_subscribed, 32),
    "subscribeVideoUids": _list_of(_subscribed, 32),
    "unsubscribeVideoUids": _list_of(_subscribed, 32),
    "subscribeUidGroup": _between(0, 5),
    "streamMode": _one_of("default", "standard", "original"),
    "audioProfile": _between(0, 2),
    "transcodingConfig": _object,
}
LAYOUT: Mapping[str, Check] = {
    "maxResolutionUid": is_uid,
    "mixedVideoLayout": _between(0, 3),
    "backgroundColor": _matching(_COLOUR),
    "backgroundImage": lambda value: type(value) is str,
    "defaultUserBackgroundImage": lambda value: type(value) is str,
    "layoutConfig": _list_of(_object, 17),
    "backgroundConfig": _list_of(_object),
}
TRANSCODING: Mapping[str, Check] = {
    "width": _between(1),
    "height": _between(1),
    "fps": _between(1, 60),
    "bitrate": _between(1),
    **LAYOUT,
}
FILES: Mapping[str, Check] = {"avFileType": _file_types}


def check_fields(operation: str, given: Fields, checks: Mapping[str, Check], required: tuple[str, ...] = ()) -> None:
    """Refuse the request for the first field that is missing or wrong."""
    for name in required:
        if name not in given:
            refuse_parameter(operation, f"{name} is required")
    for name, fits in checks.items():
        if name in given and not fits(given[name]):
            refuse_parameter(operation, f"invalid {name} value")


def check_envelope(operation: str, body: object) -> Fields:
    """The fields of every POST about a recording: cname, uid and clientRequest."""
    if not isinstance(body, dict):
        refuse_parameter(operation, "the body must be a JSON object")
    checks = {"cname": lambda value: type(value) is str, "uid": is_uid, "clientRequest": _object}
    check_fields(operation, body, checks, ("cname", "uid", "clientRequest"))
    return body


def check_channel_name(cname: str, *, web: bool = False) -> None:
    """Refuse a channel name that RTC does not allow."""
    if web and 0 < len(cname.encode()) <= 1024:
        return
    if len(cname.encode()) > 64 or not _CHANNEL_NAME.fullmatch(cname):
        refuse("invalid_channel_name")


def check_acquire(request: Fields) -> None:
    """The clientRequest of acquire."""
    check_fields("acquire", request, ACQUIRE)
    if "startParameter" in request:
        check_start("acquire", section(request, "startParameter"))


def check_start(operation: str, request: Fields, mode: str | None = None) -> None:
    """The clientRequest of start (or startParameter of acquire, where the mode is not known)."""
    required = {
        None: ("storageConfig",),
        "web": ("storageConfig", "recordingFileConfig", "extensionServiceConfig"),
    }.get(mode, ("storageConfig", "recordingConfig"))
    check_fields(operation, request, START, required)
    check_storage(operation, section(request, "storageConfig"))
    _check_recording(operation, section(request, "recordingConfig"), mode)
    _check_files(operation, request, mode)


def check_storage(operation: str, storage: Fields) -> None:
    """A storageConfig."""
    check_fields(operation, storage, STORAGE, ("vendor", "region", "bucket", "accessKey", "secretKey"))
    vendor, region = storage["vendor"], storage["region"]
    if vendor not in REGIONS:
        refuse_parameter(operation, "invalid vendor value")
    if region not in REGIONS[vendor]:  # type: ignore[index] # is_whole was checked before
        refuse_parameter(operation, "invalid region value")
    if "stsToken" in storage and vendor not in (1, 2, 3):
        refuse_parameter(operation, "stsToken is not supported for this vendor")
    extension = section(storage, "extensionParams")
    check_fields(operation, extension, EXTENSION)
    if vendor == 11:
        check_fields(operation, extension, {"endpoint": _matching(_HOST)}, ("endpoint",))


def _check_recording(operation: str, recording: Fields, mode: str | None) -> None:
    check_fields(operation, recording, RECORDING, ("subscribeUidGroup",) if mode == "individual" else ())
    for kind in ("Audio", "Video"):
        if f"subscribe{kind}Uids" in recording and f"unsubscribe{kind}Uids" in recording:
            refuse_parameter(operation, f"subscribe{kind}Uids and unsubscribe{kind}Uids can't be set together")
    _check_decryption(operation, recording)
    if "transcodingConfig" in recording:
        _check_transcoding(operation, section(recording, "transcodingConfig"))


def _check_decryption(operation: str, recording: Fields) -> None:
    mode = recording.get("decryptionMode", 0)
    if mode != 0 and not _filled(recording.get("secret")):
        refuse_parameter(operation, "secret is required for this decryptionMode")
    if mode in (7, 8) and not _salt(recording.get("salt")):
        refuse_parameter(operation, "salt must be 32 bytes in Base64 for this decryptionMode")


def _check_transcoding(operation: str, transcoding: Fields) -> None:
    check_fields(operation, transcoding, TRANSCODING)
    width, height = transcoding.get("width", 360), transcoding.get("height", 640)
    if width * height > _MAX_PIXELS:  # type: ignore[operator] # checked above: whole numbers
        refuse_parameter(operation, "width * height is more than 1920 * 1080")
    check_layout(operation, transcoding)


def check_layout(operation: str, layout: Fields) -> None:
    """The fields that transcodingConfig and updateLayout share."""
    check_fields(operation, layout, LAYOUT)
    if layout.get("mixedVideoLayout") == 2 and "maxResolutionUid" not in layout:
        refuse_parameter(operation, "maxResolutionUid is required for the vertical layout")
    if layout.get("mixedVideoLayout") == 3 and not layout.get("layoutConfig"):
        refuse_parameter(operation, "layoutConfig is required for the custom layout")


def _check_files(operation: str, request: Fields, mode: str | None) -> None:
    files = section(request, "recordingFileConfig")
    check_fields(operation, files, FILES)
    if mode == "individual" and "mp4" in file_types(request):
        refuse_parameter(operation, "invalid avFileType value")
