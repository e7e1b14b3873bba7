"""What Slack delivers twice is the same request to the last character."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def delivery_key(payload: dict[str, Any]) -> str:
    """A name for a request: equal for two deliveries of one, different for two requests of a person."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()
