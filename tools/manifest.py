"""Writes what is made from manifest.yml: manifest.http.yml, and the link in the docs that creates the Slack app.

`make docs` runs it; with `--link` it only prints the link.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml

ROOT = Path(__file__).parents[1]
SOURCE, TARGET = ROOT / "manifest.yml", ROOT / "manifest.http.yml"
REQUEST_URL = "https://recorder.example.com/slack/events"
HEADER = """\
# The Slack app "Recorder", for Slack over HTTP. Made from manifest.yml by `make docs`: change that one.
# Put your own host in place of recorder.example.com, then: api.slack.com/apps, Create New App, From a manifest.
# Basic Information has the Signing Secret (SLACK_SIGNING_SECRET); Install App: SLACK_BOT_TOKEN.
"""
NEW_APP_URL = "https://api.slack.com/apps"
LINK = re.compile(r"(<!-- slack-app-link -->)(.*?)(<!-- /slack-app-link -->)", re.DOTALL)
"""Where a page has the link."""


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
    return HEADER + yaml.safe_dump(over_http(_source()), sort_keys=False, allow_unicode=True, width=200)


def link() -> str:
    """The address at which Slack offers to create the app with this manifest."""
    manifest = json.dumps(_source(), separators=(",", ":"), ensure_ascii=False)
    return f"{NEW_APP_URL}?{urlencode({'new_app': '1', 'manifest_json': manifest}, quote_via=quote)}"


def with_link(page: str) -> str:
    """The page with the present link between its markers."""
    return LINK.sub(lambda match: f"{match[1]}[Create the Slack app]({link()}){match[3]}", page)


def pages_with_link() -> Iterator[Path]:
    """The pages that have the markers."""
    for page in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))):
        if LINK.search(page.read_text(encoding="utf-8")):
            yield page


def _source() -> Any:
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--link", action="store_true", help="print the link, write nothing")
    if parser.parse_args().link:
        sys.stdout.write(f"{link()}\n")
        return
    TARGET.write_text(text(), encoding="utf-8")
    for page in pages_with_link():
        page.write_text(with_link(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
