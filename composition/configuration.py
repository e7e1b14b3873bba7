"""Loads the settings of this process and sets up its logs."""

from __future__ import annotations

import os

import logs
import settings
from agora import vendors
from composition.agora import check_region

_READ_BY_BOLT = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Bolt reads these from the environment by itself, and two of them switch it to OAuth silently."""


def load_settings() -> settings.Settings:
    """Reads the environment and `.env`; logs are redacted from here on. Raises `SettingsError`."""
    config = settings.load(checks={"vendor": vendors.parse_vendor, "region": check_region})
    logs.configure(config.log_level, config.log_format, settings.secret_values(config))
    for name in _READ_BY_BOLT:
        os.environ.pop(name, None)
    return config
