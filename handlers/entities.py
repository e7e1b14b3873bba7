"""The three characters that Slack always sends as entities (docs.slack.dev, slash commands)."""

from __future__ import annotations

_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def unescape(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
