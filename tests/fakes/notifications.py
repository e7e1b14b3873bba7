"""Notifications as the bot keeps them, about the recorder of rec1."""

from __future__ import annotations

import itertools
from typing import Any

from recordings.model.notifications import Notification, NotificationEvent
from tests.fakes.rows import UID, at

_numbers = itertools.count()


def new_notification(event: NotificationEvent, seconds: float = 50.0, **facts: Any) -> Notification:
    """Sent `seconds` after the request, and received at once."""
    sent: dict[str, Any] = {
        "id": f"notification-{next(_numbers)}",
        "event": event,
        "agora_channel": "daily",
        "uid": UID,
        "sid": "SID",
        "sent_at": at(seconds),
        "received_at": at(seconds),
    }
    return Notification(**(sent | facts))


def left(code: int, seconds: float = 50.0, **facts: Any) -> Notification:
    return new_notification(NotificationEvent.LEFT, seconds, code=code, **facts)


def exited(code: int, seconds: float = 51.0, **facts: Any) -> Notification:
    return new_notification(NotificationEvent.EXITED, seconds, code=code, **facts)


def moved(seconds: float = 50.0, new_uid: int = 123) -> Notification:
    return new_notification(NotificationEvent.MOVED, seconds, new_uid=new_uid)


def gap(begun: float, ended: float) -> Notification:
    """A gap in the recording, in seconds after the request."""
    return new_notification(NotificationEvent.SLICE, ended, lost_from=at(begun), begun_at=at(ended))


def sound(received: bool, seconds: float = 50.0, uid: int = 0) -> Notification:
    return new_notification(NotificationEvent.AUDIO, seconds, code=0 if received else 1, stream_uid=uid)


def picture(received: bool, seconds: float = 50.0, uid: int = 0) -> Notification:
    return new_notification(NotificationEvent.VIDEO, seconds, code=0 if received else 1, stream_uid=uid)


def upload_error(code: int = 47, seconds: float = 50.0, module: int = 1, level: int = 4) -> Notification:
    return new_notification(
        NotificationEvent.ERROR, seconds, module=module, code=code, level=level, words="upload failed"
    )


def progress(done: int, seconds: float = 50.0) -> Notification:
    return new_notification(NotificationEvent.PROGRESS, seconds, code=done)
