"""What Agora's answers say: pure functions that read JSON and never raise.

Where an answer does not have the shape that Agora documents, they return None (or no files): nothing is known then,
and nothing must be concluded from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted

JsonObject = dict[str, object]

_UPLOADING = frozenset({"uploaded", "backuped", "unknown"})


_OF_A_RECORDING = frozenset({"cname", "resourceId", "serverResponse", "sid", "uid"})


def json_object(body: bytes) -> JsonObject | None:
    """The JSON object in this body; None where it is anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def whole_number(value: object) -> int | None:
    """An integer that came as one or as a decimal string; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None


def plain_text(value: object) -> str:
    """A text that can be stored and shown: not empty, no control characters. Empty for anything else."""
    return value if isinstance(value, str) and value.isprintable() else ""


def recorder_status(answer: JsonObject) -> RecorderStatus | None:
    """An answer to `query`; None without a status.

    Doc page: cloud-recording/rest-api/query.
    """
    response = _object(answer.get("serverResponse"))
    status = whole_number(response.get("status"))
    return None if status is None else RecorderStatus(status, files_of(response))


def stop_accepted(answer: JsonObject) -> StopAccepted | None:
    """An answer to `stop`: that it is a success is all that has to be known; None where it speaks of something else.

    Doc page: cloud-recording/rest-api/stop.
    """
    if answer and not _OF_A_RECORDING & answer.keys():
        return None
    response = answer.get("serverResponse")
    return StopAccepted(files_of(response), _uploading_status(_object(response)))


def files_of(response: object) -> tuple[str, ...]:
    """The names in a `serverResponse`, in Agora's order, each once; none where the shape is unknown."""
    fields = _object(response)
    names = [*_listed(fields), *_listed_by_services(fields)]
    return tuple(dict.fromkeys(name for name in names if name))


def channel_users(answer: JsonObject) -> ChannelUsers | None:
    """Who is in a channel; None where that can't be read, which must never look like nobody.

    Doc page: channel-management-api, query-user-list.
    """
    found = answer.get("data")
    if not isinstance(found, dict):
        return None
    if found.get("channel_exist") is False:
        return ChannelUsers()
    if whole_number(found.get("mode")) == 2:
        hosts, audience = _uids(found.get("broadcasters")), _uids(found.get("audience", []))
    else:
        hosts, audience = _uids(found.get("users")), frozenset[int]()
    return None if hosts is None or audience is None else ChannelUsers(hosts, audience)


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[JsonObject]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _listed(fields: JsonObject) -> Iterator[str]:
    files = fields.get("fileList")
    if isinstance(files, str) and fields.get("fileListMode") != "json":
        yield plain_text(files)
    for file in _objects(files):
        yield plain_text(file.get("fileName")) or plain_text(file.get("filename"))


def _listed_by_services(fields: JsonObject) -> Iterator[str]:
    for payload in _service_payloads(fields):
        for file in _objects(payload.get("fileList")):
            yield plain_text(file.get("filename"))


def _service_payloads(fields: JsonObject) -> Iterator[JsonObject]:
    for service in _objects(fields.get("extensionServiceState")):
        yield _object(service.get("payload"))


def _uploading_status(fields: JsonObject) -> str:
    for source in (fields, *_service_payloads(fields)):
        if said := plain_text(source.get("uploadingStatus")):
            return said if said in _UPLOADING else "unknown"
    return ""


def _uids(value: object) -> frozenset[int] | None:
    if not isinstance(value, list):
        return None
    uids = [whole_number(one) for one in value]
    known = frozenset(uid for uid in uids if uid is not None)
    return None if None in uids else known
