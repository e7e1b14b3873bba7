"""Options of the simulated bucket."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Literal

ACCESS_KEY = "simulated-bucket-key"
SECRET_KEY = "simulated-bucket-secret-a1b2c3d4"  # noqa: S105 - a test value, no service accepts it


@dataclass(frozen=True)
class BucketOptions:
    """Its name, its first key, and how it stores objects."""

    name: str = field(default_factory=lambda: f"simulated-recordings-{secrets.token_hex(4)}")
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    store: Literal["s3", "memory"] = "s3"
    """`s3`: all of S3, a second to import. `memory`: for use in one process, without listing by HTTP."""
