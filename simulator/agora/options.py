"""Options of the simulated Agora: the account, its limits, and how this Agora behaves."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from types import MappingProxyType

from simulator.agora.fields import Fields
from simulator.agora.timing import Timing

STORAGE = MappingProxyType(
    {
        "STORAGE_VENDOR": "1",
        "STORAGE_REGION": "1",
        "STORAGE_BUCKET": "simulated-recordings",
        "STORAGE_ACCESS_KEY": "simulated-storage-key",
        "STORAGE_SECRET_KEY": "simulated-storage-secret-0f1e2d3c",
    }
)
WEBHOOK_SECRET = "simulated-webhook-secret-7c1d9e"  # noqa: S105 - a test value, no service accepts it


@dataclass(frozen=True)
class Account:
    """One Agora project, its REST credential and its limits."""

    app_id: str = "5a0de51a0de51a0de51a0de51a0de51a"
    app_certificate: str = "ce47ce47ce47ce47ce47ce47ce47ce47"
    customer_id: str = "c0570c0570c0570c0570c0570c0570c0"
    customer_secret: str = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"  # noqa: S105 - a test value, no service accepts it
    qps: int = 10
    max_recorders: int = 50
    retry_after: float | None = None
    """Seconds in the Retry-After header of a 429; None sends no header."""
    list_recorders: bool = False
    """Whether the list of a channel's users names recorders."""
    prefix_in_names: bool = False
    """Whether file lists name the storage prefix too."""
    check_storage: bool = False
    """Whether only the storage of `settings` accepts files."""

    def accepts(self, authorization: str) -> bool:
        """Whether a Basic credential is this account's."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        expected = f"{self.customer_id}:{self.customer_secret}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, expected)

    def accepts_storage(self, storage: Fields) -> bool:
        """Whether files can be stored with that storageConfig."""
        if not self.check_storage:
            return True
        given = [str(storage.get(name)) for name in ("vendor", "region", "bucket", "accessKey", "secretKey")]
        return given == list(STORAGE.values())


@dataclass(frozen=True)
class AgoraOptions(Account):
    """The account, and how this Agora behaves."""

    timing: Timing = field(default_factory=Timing)
    bases: int = 1
    """Number of API hosts; all of them share one state."""
    profile: str = "communication"
    """The channel profile that people use at first: `communication` or `live`."""
    report_exits: bool = False
    """Whether a recorder that left by itself shows 6, 7, 8 before it is gone."""
    real_media: bool = True
    """Whether uploaded files can be played; otherwise they only have plausible sizes, and take no time to make."""
    webhook: str | None = None
    """URL that gets the notifications."""
    webhook_secret: str = WEBHOOK_SECRET
    seed: int | None = None
    """Makes ids and the order of shuffled notifications repeatable."""
