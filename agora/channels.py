"""Names of Agora channels."""

from __future__ import annotations

import string

from recordings.errors import InvalidChannelName

MAX_BYTES = 64
ALLOWED = frozenset(string.ascii_letters + string.digits + " !#$%&()+-:;<=.>?@[]^_{}|~,")
"""ASCII only, so a name has as many bytes as characters."""

_RULES = (
    f"A name has 1 to {MAX_BYTES} characters: letters a to z and A to Z, digits, spaces and "
    "! # $ % & ( ) + - : ; < = . > ? @ [ ] ^ _ { } | ~ ,"
)


def check_channel_name(name: str) -> None:
    """Raises `InvalidChannelName` unless an Agora channel can have this name.

    Doc pages: on-premise-recording/api-references/recorder (characters), rest-api/status-codes (errors).
    """
    if problem := _problem(name):
        raise InvalidChannelName(f"{problem} {_RULES}")


def _problem(name: str) -> str:
    if not name.strip():
        return "The name of an Agora channel can't be blank."
    for position, character in enumerate(name, start=1):
        if character not in ALLOWED:
            return f"{_quoted(character)} (character {position}) can't be in the name of an Agora channel."
    if len(name) > MAX_BYTES:
        return f"The name of an Agora channel can't be longer than {MAX_BYTES} characters; this one has {len(name)}."
    # Agora allows both, but in the URL of its user list they are path segments: "here" and "one level up".
    if name in (".", ".."):
        return "A name of one or two dots alone can't be looked up at Agora."
    return ""


def _quoted(character: str) -> str:
    return f'"{character}"' if character.isprintable() else repr(character).strip("'")
