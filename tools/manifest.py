"""Writes manifest.http.yml from manifest.yml: the same app in HTTP mode. `make manifest` runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SOURCE, TARGET = ROOT / "manifest.yml", ROOT / "manifest.http.yml"
REQUEST_URL = "https://recorder.example.com/slack/events"
HEADER = """\
# The Slack app, for Slack over HTTP. Made from manifest.yml by `make manifest`: change that one.
# Put your own host in place of recorder.example.com, then: api.slack.com/apps, Create New App, From a manifest.
# Basic Information has the Signing Secret (SLACK_SIGNING_SECRET); Install App: SLACK_BOT_TOKEN.
"""


def over_http(manifest: Any) -> Any:
    """The manifest with a request URL for everything that Slack sends, and without Socket Mode."""
    features, settings = manifest["features"], manifest["settings"]
    commands = [_with_url(command) for command in features["slash_commands"]]
    return manifest | {
        "features": features | {"slash_commands": commands},
        "settings": {
            name: {**value, "request_url": REQUEST_URL} if name in ("interactivity", "event_subscriptions") else value
            for name, value in (settings | {"socket_mode_enabled": False}).items()
        },
    }


def _with_url(command: Any) -> Any:
    return {"command": command["command"], "url": REQUEST_URL, **command}


def text() -> str:
    """The content of manifest.http.yml."""
    manifest = over_http(yaml.safe_load(SOURCE.read_text(encoding="utf-8")))
    return HEADER + yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=200)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
