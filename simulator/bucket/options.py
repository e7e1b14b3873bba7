"""Options of the simulated bucket."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal

StoreName = Literal["s3", "memory"]

ACCESS_KEY = "simulated-bucket-key"
SECRET_KEY = "simulated-bucket-secret-a1b2c3d4"  # noqa: S105 - a test value, no service accepts it


def default_store() -> StoreName:
    """`s3` needs moto, which only the packages for development include."""
    return "memory" if find_spec("moto") is None else "s3"


@dataclass(frozen=True)
class BucketOptions:
    """Its name, its first key, and how it stores objects."""

    name: str = field(default_factory=lambda: f"simulated-recordings-{secrets.token_hex(4)}")
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    store: StoreName = field(default_factory=default_store)
    """`s3`: all of S3 by moto, a second to import. `memory`: uploads, downloads and lists, nothing to import."""
