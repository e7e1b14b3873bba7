"""Agora's notifications: whether one is Agora's, and what it says. Pure.

Doc pages: shared/notification-center-service/ (signature-verification, request-header-body,
event-types/cloud-recording).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from agora.answers import JsonObject, json_object, plain_text, whole_number
from agora.notification_details import facts, moment
from recordings.errors import MalformedNotification, WrongSignature
from recordings.model.notifications import Ignored, Notification, NotificationEvent
from recordings.ports import Clock, Headers

_CLOUD_RECORDING = 3
_TEST_CHANNEL, _TEST_UID = "test_webhook", 12121212
_LONGEST_CHANNEL, _LONGEST_SID, _LONGEST_ID = 64, 128, 128
_HIGHEST_UID = 2**32 - 1
_HIGHEST_SEQUENCE = 2**53
_EVENTS = frozenset(NotificationEvent)


@dataclass(frozen=True, slots=True)
class SignedNotifications:
    """`recordings.ports.NotificationSource`. `secret`: the one that Agora's console shows for the webhook."""

    secret: str
    clock: Clock

    def read(self, headers: Headers, body: bytes) -> Notification | Ignored:
        """Raises `WrongSignature`, `MalformedNotification`."""
        if not signature_fits(self.secret, body, headers.get("Agora-Signature"), headers.get("Agora-Signature-V2")):
            raise WrongSignature("the signature does not fit")
        return read(body, self.clock.now())


def signature_fits(secret: str, body: bytes, v1: str | None, v2: str | None) -> bool:
    """Whether the body was signed with this secret, by the headers `Agora-Signature` (v1) and `Agora-Signature-V2`.

    Where the second is there, it alone counts. Doc page: signature-verification.
    """
    given, algorithm = (v2, "sha256") if v2 is not None else (v1, "sha1")
    if given is None or not secret:
        return False
    expected = _signature(secret, body, algorithm)
    return hmac.compare_digest(expected.encode(), given.lower().encode(errors="replace"))


def _signature(secret: str, body: bytes, algorithm: str) -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def signatures(secret: str, body: bytes) -> dict[str, str]:
    """The headers with which Agora sends a body."""
    return {
        "Agora-Signature": _signature(secret, body, "sha1"),
        "Agora-Signature-V2": _signature(secret, body, "sha256"),
    }


def a_test(now: datetime) -> bytes:
    """What Agora's console sends to see whether the address is right: `read` makes nothing of it."""
    milliseconds = int(now.timestamp() * 1000)
    payload = {"cname": _TEST_CHANNEL, "uid": str(_TEST_UID), "sid": "", "sequence": 0, "sendts": milliseconds}
    whole = {"noticeId": "test", "productId": _CLOUD_RECORDING, "eventType": int(NotificationEvent.STARTED)}
    return json.dumps(whole | {"notifyMs": milliseconds, "payload": payload}).encode()


def read(body: bytes, now: datetime) -> Notification | Ignored:
    """What a body says. Raises `MalformedNotification`."""
    whole = json_object(body)
    if whole is None:
        raise MalformedNotification("no JSON object")
    if _number(whole, "productId") != _CLOUD_RECORDING:
        return Ignored("other product")
    kind = _number(whole, "eventType")
    if kind not in _EVENTS:
        return Ignored("other event")
    payload = whole.get("payload")
    if not isinstance(payload, dict):
        raise MalformedNotification("payload")
    return Ignored("test") if _is_test(payload) else _notice(NotificationEvent(kind), whole, payload, now)


def _is_test(payload: JsonObject) -> bool:
    """Whether Agora's console only checks the address: it must be answered 200, or it can't be saved there.

    Doc page: enable-notification-center-service. It gives the names for other products; this one's are the same.
    """
    named = _TEST_CHANNEL in (payload.get("cname"), payload.get("channelName"))
    return named and (whole_number(payload.get("uid")) == _TEST_UID or not payload.get("sid"))


def _notice(event: NotificationEvent, whole: JsonObject, payload: JsonObject, now: datetime) -> Notification:
    channel, sid = _text(payload, "cname", _LONGEST_CHANNEL), _text(payload, "sid", _LONGEST_SID)
    uid = _number(payload, "uid")
    if not 1 <= uid <= _HIGHEST_UID:
        raise MalformedNotification("uid")
    details = payload.get("details")
    return Notification(
        id=_own_id(whole) or _digest(sid, uid, event, payload),
        event=event,
        agora_channel=channel,
        uid=uid,
        sid=sid,
        sequence=_sequence(payload),
        sent_at=moment(payload.get("sendts")) or moment(whole.get("notifyMs")) or now,
        received_at=now,
        **facts(event, details if isinstance(details, dict) else {}),
    )


def _own_id(whole: JsonObject) -> str:
    given = plain_text(whole.get("noticeId"))
    return given if len(given) <= _LONGEST_ID else ""


def _digest(sid: str, uid: int, event: NotificationEvent, payload: JsonObject) -> str:
    """The same for every delivery of a notification that has no id. Without a count the time tells two apart."""
    count = _sequence(payload)
    which = f"at {whole_number(payload.get('sendts'))}" if count is None else str(count)
    traits = (sid, str(uid), str(whole_number(payload.get("serviceType"))), str(int(event)), which)
    return hashlib.sha256("\n".join(traits).encode()).hexdigest()


def _sequence(payload: JsonObject) -> int | None:
    found = whole_number(payload.get("sequence"))
    return found if found is not None and 0 <= found <= _HIGHEST_SEQUENCE else None


def _number(fields: JsonObject, name: str) -> int:
    found = whole_number(fields.get(name))
    if found is None:
        raise MalformedNotification(name)
    return found


def _text(fields: JsonObject, name: str, longest: int) -> str:
    found = plain_text(fields.get(name))
    if not found or len(found) > longest:
        raise MalformedNotification(name)
    return found
