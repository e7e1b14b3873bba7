"""Whose Agora this is: the credentials that it accepts and the limits of the account."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from types import MappingProxyType

from simulator.agora.http.checks import Fields

STORAGE = MappingProxyType(
    {
        "STORAGE_VENDOR": "1",
        "STORAGE_REGION": "1",
        "STORAGE_BUCKET": "simulated-recordings",
        "STORAGE_ACCESS_KEY": "simulated-storage-key",
        "STORAGE_SECRET_KEY": "simulated-storage-secret-0f1e2d3c",
    }
)


@dataclass(frozen=True)
class Account:
    """One Agora project and its REST credential."""

    app_id: str
    app_certificate: str
    customer_id: str
    customer_secret: str
    qps: int = 10
    max_recorders: int = 50
    retry_after: float | None = None
    """Seconds in the Retry-After header of a 429; None sends no header."""
    list_recorders: bool = False
    """Whether the list of a channel's users names recorders."""
    prefix_in_names: bool = False
    """Whether file lists name the storage prefix too."""
    check_storage: bool = False
    """Whether only the storage of `settings` can be written to."""

    def accepts(self, authorization: str) -> bool:
        """Whether a Basic credential is this account's."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        expected = f"{self.customer_id}:{self.customer_secret}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, expected)

    def storage_fits(self, storage: Fields) -> bool:
        """Whether files can be stored with that storageConfig."""
        if not self.check_storage:
            return True
        given = [str(storage.get(name)) for name in ("vendor", "region", "bucket", "accessKey", "secretKey")]
        return given == list(STORAGE.values())
