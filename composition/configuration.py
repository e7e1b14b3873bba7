"""Loads the settings of this process and sets up its logs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

import logs
import settings
from agora import vendors

_READ_BY_BOLT = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Bolt reads these from the environment by itself, and two of them switch it to OAuth silently."""
_VENDOR_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "amazon": "aws",
        "aliyun": "alibaba",
        "oss": "alibaba",
        "cos": "tencent",
        "microsoft": "azure",
        "gcp": "google",
        "gcs": "google",
        "obs": "huawei",
        "bos": "baidu",
        "minio": "s3",
        "r2": "s3",
        "cloudflare": "s3",
        "wasabi": "s3",
        "backblaze": "s3",
        "digitalocean": "s3",
    }
)


def load_settings(log_level: str | None = None) -> settings.Settings:
    """Reads the environment and `.env`; logs are redacted from here on. Raises `SettingsError`.

    `log_level` replaces LOG_LEVEL.
    """
    config = settings.load(checks={"vendor": check_vendor, "region": check_region})
    logs.configure(log_level or config.log_level, config.log_format, settings.secret_values(config))
    for name in _READ_BY_BOLT:
        os.environ.pop(name, None)
    return config


def check_vendor(vendor: str) -> None:
    """Raises `UnknownChoice` unless Agora can write to this vendor."""
    try:
        vendors.parse_vendor(vendor)
    except ValueError:
        problem = "is not a storage vendor that Agora can write to"
        raise settings.UnknownChoice(problem, vendors.vendor_names(), _VENDOR_SYNONYMS) from None


def check_region(vendor: str, region: str) -> None:
    """Raises `UnknownChoice` unless the vendor, which is a known one, has this region."""
    number = vendors.parse_vendor(vendor)
    try:
        vendors.parse_region(number, region)
    except ValueError:
        problem = f"is not a region of {vendors.vendor_name(number)} that Agora can write to"
        otherwise = "All regions: docs/settings.md."
        raise settings.UnknownChoice(problem, vendors.region_names(number), otherwise=otherwise) from None
