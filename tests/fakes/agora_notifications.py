"""Notifications as Agora sends them, and one as the bot keeps it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from recordings.model.notifications import Notification, NotificationEvent
from tests.fakes.rows import NOW, UID

SECRET = "notification-secret"
SENT_MS = 1_781_696_520_123
"""123 ms after `NOW`."""


def a_notification(
    event: int = 40, *, details: object = None, whole: dict[str, Any] | None = None, **payload: Any
) -> Any:
    """About the recorder of rec1. `whole` and `payload` replace fields; a field with the value `...` is left out."""
    inside = {
        "cname": "daily",
        "uid": str(UID),
        "sid": "SID",
        "sequence": 3,
        "sendts": SENT_MS,
        "serviceType": 1,
        "details": {"msgName": "x"} if details is None else details,
    } | payload
    outside = {
        "noticeId": "2000001428:4330:107",
        "productId": 3,
        "eventType": event,
        "notifyMs": SENT_MS + 1000,
        "payload": {name: value for name, value in inside.items() if value is not ...},
    } | (whole or {})
    return {name: value for name, value in outside.items() if value is not ...}


def as_body(notification: object) -> bytes:
    return json.dumps(notification).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers that Agora sends with a body."""
    return {
        "Content-Type": "application/json",
        "Agora-Signature": hmac.new(secret.encode(), body, hashlib.sha1).hexdigest(),
        "Agora-Signature-V2": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def new_notification(**facts: Any) -> Notification:
    """The recorder of rec1 has started."""
    told: dict[str, Any] = {
        "id": "n1",
        "event": NotificationEvent.STARTED,
        "agora_channel": "daily",
        "uid": UID,
        "sid": "SID",
        "sequence": 0,
        "sent_at": NOW,
        "received_at": NOW,
        "code": 0,
    }
    return Notification(**(told | facts))
