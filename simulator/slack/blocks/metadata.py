"""Message metadata, as Slack takes it."""

from __future__ import annotations

import re
from typing import Any


def metadata_valid(metadata: Any) -> bool:
    """An `event_type` of letters, digits, `_` and `-`, and a payload of plain values."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        return False
    event_type = metadata.get("event_type")
    named = isinstance(event_type, str) and re.fullmatch(r"[A-Za-z0-9_-]+", event_type)
    return bool(named) and _plain(metadata["event_payload"])


def _plain(value: Any) -> bool:
    """Strings, numbers, booleans, and objects and lists of them; no null anywhere."""
    if isinstance(value, dict):
        return all(_plain(each) for each in value.values())
    if isinstance(value, list):
        return all(_plain(each) for each in value)
    return isinstance(value, str | int | float | bool)
