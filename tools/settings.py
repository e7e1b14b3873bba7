"""Writes docs/settings.md from settings.py. `make docs` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import settings
from agora import vendors

TARGET = Path(__file__).parents[1] / "docs" / "settings.md"
INTRODUCTION = """\
# Settings

<!-- Made from settings.py by `make docs`: change that one. -->

Settings are environment variables, or lines `NAME=value` in the file `.env` in the folder where the bot starts. The
environment wins, and an empty value counts as not set. Where a setting has two names, the second is the one of Agora's
recording guide; both work, and the first wins.

A **duration** is a number of seconds (`90`, `0.5`), or a number with a unit: `90s`, `45m`, `4h`, `1h30m`, `7d`. A
switch is `1` or `0`.

`make check` reports each setting that is missing or wrong, and names in `.env` that are almost a setting. Nothing is
read again while the bot runs: restart it after a change.
"""
NOTES = {
    "Required": (
        "In HTTP mode SLACK_SIGNING_SECRET takes the place of SLACK_APP_TOKEN. STORAGE_REGION is required for vendors"
        " that have regions. Most Agora projects also need AGORA_APP_CERTIFICATE."
    ),
}
ENV_FILE = """\
## The file .env

Several programs read such files, each with rules of its own. A value without quotes, spaces, `#` and `$` means the same
to all of them.

| read by | quotes around a value | `#` after a space | `$NAME` |
|---|---|---|---|
| the bot (`make check`, `make run`) | are removed | begins a comment | stays as it is |
| `docker compose` (`env_file`) | are removed | begins a comment | is replaced, unless in single quotes |
| `docker run --env-file` | become part of the value | becomes part of the value | stays as it is |
| systemd (`EnvironmentFile`) | are removed | becomes part of the value | stays as it is |
"""
REGIONS = """\
## Storage regions

The names for `STORAGE_REGION`, with Agora's numbers; either works.
"""
_HOUR, _MINUTE = 3600, 60


def text() -> str:
    """The content of docs/settings.md."""
    groups = (
        _group(title, list(rows)) for title, rows in groupby(settings.documented(), key=lambda setting: setting.group)
    )
    return "\n".join([INTRODUCTION, *groups, ENV_FILE, REGIONS, *_regions()]) + "\n"


def _group(title: str, rows: list[settings.DocumentedSetting]) -> str:
    note = [_with_code(NOTES[title]), ""] if title in NOTES else []
    table = ["| setting | what it holds | default |", "|---|---|---|"]
    return "\n".join([f"## {title}", "", *note, *table, *map(_row, rows), ""])


def _row(setting: settings.DocumentedSetting) -> str:
    names = ", ".join(f"`{name}`" for name in setting.names)
    default = "required" if setting.required else _default(setting)
    kind = "; a duration" if setting.is_duration else ""
    return f"| {names} | {_with_code(setting.holds)}{kind} | {default} |"


def _with_code(text: str) -> str:
    """Names of settings and angle brackets as code."""
    names = {name for variables in settings.names().values() for name in variables}
    return " ".join(_word(word, names) for word in text.split(" "))


def _word(word: str, names: set[str]) -> str:
    bare = word.strip(".,;:()")
    return word.replace(bare, f"`{bare}`") if bare in names or "<" in bare else word


def _default(setting: settings.DocumentedSetting) -> str:
    if not setting.default:
        return ""
    readable = _readable(setting.default) if setting.is_duration else ""
    return f"`{setting.default}`{readable}"


def _readable(seconds: str) -> str:
    if "," in seconds or int(seconds) <= _MINUTE:
        return ""
    if int(seconds) % _HOUR == 0:
        return f" ({int(seconds) // _HOUR} h)"
    return f" ({int(seconds) // _MINUTE} min)" if int(seconds) % _MINUTE == 0 else ""


def _regions() -> Iterator[str]:
    yield "| `STORAGE_VENDOR` | regions |"
    yield "|---|---|"
    for name in vendors.vendor_names():
        vendor = vendors.parse_vendor(name)
        regions = [f"{region} ({vendors.parse_region(vendor, region)})" for region in vendors.region_names(vendor)]
        yield f"| `{name}` ({vendor}) | {', '.join(regions) or 'none needed'} |"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
