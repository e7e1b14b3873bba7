"""Parses the bodies of Agora's responses. Pure functions that never raise.

A body without the documented shape gives None (or no files): unknown, which is not the same as "nothing there".
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted

JsonObject = dict[str, object]

_UPLOADING_STATUSES = frozenset({"uploaded", "backuped", "unknown"})
_RECORDING_FIELDS = frozenset({"cname", "resourceId", "serverResponse", "sid", "uid"})


def json_object(body: bytes) -> JsonObject | None:
    """The JSON object in this body; None for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def whole_number(value: object) -> int | None:
    """An integer, or the integer in a decimal string; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None


def plain_text(value: object) -> str:
    """A printable string, which can be stored and shown; empty for anything else."""
    return value if isinstance(value, str) and value.isprintable() else ""


def recorder_status(body: JsonObject) -> RecorderStatus | None:
    """Parses a response to `query`; None without a status.

    Doc page: cloud-recording/rest-api/query.
    """
    response = _object(body.get("serverResponse"))
    status = whole_number(response.get("status"))
    return None if status is None else RecorderStatus(status, files_of(response))


def stop_accepted(body: JsonObject) -> StopAccepted | None:
    """Parses a response to `stop`. The bot only needs to know that it succeeded, so every field may be absent; None if
    the body has fields, but none of a recording's.

    Doc page: cloud-recording/rest-api/stop.
    """
    if body and not _RECORDING_FIELDS & body.keys():
        return None
    response = body.get("serverResponse")
    return StopAccepted(files_of(response), _uploading_status(_object(response)))


def files_of(response: object) -> tuple[str, ...]:
    """File names in a `serverResponse`, in Agora's order and without duplicates; none if the shape is unknown."""
    fields = _object(response)
    names = [*_file_list(fields), *_file_lists_of_services(fields)]
    return tuple(dict.fromkeys(name for name in names if name))


def channel_users(body: JsonObject) -> ChannelUsers | None:
    """Parses a channel's user list. None if it is unreadable, which must never look like an empty channel.

    Doc page: channel-management-api, query-user-list.
    """
    data = body.get("data")
    if not isinstance(data, dict):
        return None
    if data.get("channel_exist") is False:
        return ChannelUsers()
    if whole_number(data.get("mode")) == 2:
        hosts, audience = _uids(data.get("broadcasters")), _uids(data.get("audience", []))
    else:
        hosts, audience = _uids(data.get("users")), frozenset[int]()
    return None if hosts is None or audience is None else ChannelUsers(hosts, audience)


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[JsonObject]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _file_list(fields: JsonObject) -> Iterator[str]:
    files = fields.get("fileList")
    if isinstance(files, str) and fields.get("fileListMode") != "json":
        yield plain_text(files)
    for file in _objects(files):
        yield plain_text(file.get("fileName")) or plain_text(file.get("filename"))


def _file_lists_of_services(fields: JsonObject) -> Iterator[str]:
    for payload in _service_payloads(fields):
        for file in _objects(payload.get("fileList")):
            yield plain_text(file.get("filename"))


def _service_payloads(fields: JsonObject) -> Iterator[JsonObject]:
    for service in _objects(fields.get("extensionServiceState")):
        yield _object(service.get("payload"))


def _uploading_status(fields: JsonObject) -> str:
    for source in (fields, *_service_payloads(fields)):
        if status := plain_text(source.get("uploadingStatus")):
            return status if status in _UPLOADING_STATUSES else "unknown"
    return ""


def _uids(value: object) -> frozenset[int] | None:
    if not isinstance(value, list):
        return None
    uids = [whole_number(item) for item in value]
    numbers = frozenset(uid for uid in uids if uid is not None)
    return None if None in uids else numbers
