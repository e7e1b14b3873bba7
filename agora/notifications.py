"""Verifies and parses Agora's notifications. Pure functions.

Doc pages: shared/notification-center-service/ (signature-verification, request-header-body,
event-types/cloud-recording).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from agora.notification_details import parse_details, timestamp
from agora.responses import JsonObject, json_object, plain_text, whole_number
from recordings.errors import MalformedNotification, WrongSignature
from recordings.model.notifications import Ignored, Notification, NotificationEvent
from recordings.ports import Clock, Headers

_CLOUD_RECORDING = 3
_TEST_CHANNEL, _TEST_UID = "test_webhook", 12121212
_MAX_CHANNEL_LENGTH, _MAX_SID_LENGTH, _MAX_ID_LENGTH = 64, 128, 128
_MAX_UID = 2**32 - 1
_MAX_SEQUENCE = 2**53
_EVENTS = frozenset(NotificationEvent)


@dataclass(frozen=True, slots=True)
class SignedNotifications:
    """`recordings.ports.NotificationSource`. `secret`: the one that Agora's console shows for the webhook."""

    secret: str
    clock: Clock

    def read(self, headers: Headers, body: bytes) -> Notification | Ignored:
        """Raises `WrongSignature`, `MalformedNotification`."""
        signatures = headers.get("Agora-Signature"), headers.get("Agora-Signature-V2")
        if not has_valid_signature(self.secret, body, *signatures):
            raise WrongSignature("the signature does not fit")
        return read(body, self.clock.now())


def has_valid_signature(secret: str, body: bytes, v1: str | None, v2: str | None) -> bool:
    """Whether the body was signed with this secret.

    `v1` and `v2` are the headers `Agora-Signature` and `Agora-Signature-V2`; if both are present, v2 alone decides.
    Doc page: signature-verification.
    """
    header, algorithm = (v2, "sha256") if v2 is not None else (v1, "sha1")
    if header is None or not secret:
        return False
    expected = _signature(secret, body, algorithm)
    return hmac.compare_digest(expected.encode(), header.lower().encode(errors="replace"))


def _signature(secret: str, body: bytes, algorithm: str) -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def signature_headers(secret: str, body: bytes) -> dict[str, str]:
    """The headers that Agora sends with this body."""
    return {
        "Agora-Signature": _signature(secret, body, "sha1"),
        "Agora-Signature-V2": _signature(secret, body, "sha256"),
    }


def build_test_notification(now: datetime) -> bytes:
    """The body that Agora's console sends to check a webhook's URL; `read` ignores it."""
    milliseconds = int(now.timestamp() * 1000)
    payload = {"cname": _TEST_CHANNEL, "uid": str(_TEST_UID), "sid": "", "sequence": 0, "sendts": milliseconds}
    envelope = {"noticeId": "test", "productId": _CLOUD_RECORDING, "eventType": int(NotificationEvent.STARTED)}
    return json.dumps(envelope | {"notifyMs": milliseconds, "payload": payload}).encode()


def read(body: bytes, now: datetime) -> Notification | Ignored:
    """Parses a body. Raises `MalformedNotification`."""
    envelope = json_object(body)
    if envelope is None:
        raise MalformedNotification("no JSON object")
    if _number(envelope, "productId") != _CLOUD_RECORDING:
        return Ignored("other product")
    kind = _number(envelope, "eventType")
    if kind not in _EVENTS:
        return Ignored("other event")
    payload = envelope.get("payload")
    if not isinstance(payload, dict):
        raise MalformedNotification("payload")
    return Ignored("test") if _is_test(payload) else _notification(NotificationEvent(kind), envelope, payload, now)


def _is_test(payload: JsonObject) -> bool:
    """Whether Agora's console is checking the URL; it refuses to save a URL that does not answer 200.

    Doc page: enable-notification-center-service. It documents the test of other products; this product's is the same.
    """
    is_test_channel = _TEST_CHANNEL in (payload.get("cname"), payload.get("channelName"))
    return is_test_channel and (whole_number(payload.get("uid")) == _TEST_UID or not payload.get("sid"))


def _notification(event: NotificationEvent, envelope: JsonObject, payload: JsonObject, now: datetime) -> Notification:
    channel, sid = _text(payload, "cname", _MAX_CHANNEL_LENGTH), _text(payload, "sid", _MAX_SID_LENGTH)
    uid = _number(payload, "uid")
    if not 1 <= uid <= _MAX_UID:
        raise MalformedNotification("uid")
    details = payload.get("details")
    return Notification(
        id=_notice_id(envelope) or _digest(sid, uid, event, payload),
        event=event,
        agora_channel=channel,
        uid=uid,
        sid=sid,
        sequence=_sequence(payload),
        sent_at=timestamp(payload.get("sendts")) or timestamp(envelope.get("notifyMs")) or now,
        received_at=now,
        **parse_details(event, details if isinstance(details, dict) else {}),
    )


def _notice_id(envelope: JsonObject) -> str:
    notice_id = plain_text(envelope.get("noticeId"))
    return notice_id if len(notice_id) <= _MAX_ID_LENGTH else ""


def _digest(sid: str, uid: int, event: NotificationEvent, payload: JsonObject) -> str:
    """An id for a notification without one, the same for each of its deliveries.

    Without a sequence number, the time it was sent distinguishes two notifications of one event.
    """
    sequence = _sequence(payload)
    occurrence = f"at {whole_number(payload.get('sendts'))}" if sequence is None else str(sequence)
    traits = (sid, str(uid), str(whole_number(payload.get("serviceType"))), str(int(event)), occurrence)
    return hashlib.sha256("\n".join(traits).encode()).hexdigest()


def _sequence(payload: JsonObject) -> int | None:
    sequence = whole_number(payload.get("sequence"))
    return sequence if sequence is not None and 0 <= sequence <= _MAX_SEQUENCE else None


def _number(fields: JsonObject, name: str) -> int:
    number = whole_number(fields.get(name))
    if number is None:
        raise MalformedNotification(name)
    return number


def _text(fields: JsonObject, name: str, max_length: int) -> str:
    text = plain_text(fields.get(name))
    if not text or len(text) > max_length:
        raise MalformedNotification(name)
    return text
