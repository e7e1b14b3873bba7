"""Names of Agora channels."""

from __future__ import annotations

import string

from recordings.errors import InvalidChannelName

MAX_BYTES = 64
ALLOWED = frozenset(string.ascii_letters + string.digits + " !#$%&()+-:;<=.>?@[]^_{}|~,")
"""ASCII only, so a name has as many bytes as characters."""

_RULES = f"Use letters a\u2013z, digits, spaces and common punctuation ({MAX_BYTES} at most)."


def check_channel_name(name: str) -> None:
    """Raises `InvalidChannelName` unless an Agora channel can have this name.

    Doc pages: on-premise-recording/api-references/recorder (characters), rest-api/status-codes (errors).
    """
    if problem := _problem(name):
        raise InvalidChannelName(f"{problem} {_RULES}")


def _problem(name: str) -> str:
    if not name.strip():
        return "The name of a call can't be blank."
    for character in name:
        if character not in ALLOWED:
            return f"Call names can't contain {_quoted(character)}."
    if len(name) > MAX_BYTES:
        return f"Call names can't be longer than {MAX_BYTES} characters; this one has {len(name)}."
    # Agora allows both, but in the URL of its user list they are path segments: "here" and "one level up".
    if name in (".", ".."):
        return "A call can't be named with one or two dots alone."
    return ""


def _quoted(character: str) -> str:
    return f'"{character}"' if character.isprintable() else repr(character).strip("'")
