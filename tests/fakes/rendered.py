"""What people see of a message, and what they can press."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from messages.blocks import Block, Message


def words(message: Message) -> str:
    """The texts of its sections and context blocks, one below the other."""
    texts = []
    for block in message.blocks:
        texts += [block["text"]["text"]] if "text" in block else []
        texts += [element["text"] for element in block.get("elements", []) if block["type"] == "context"]
    return "\n".join(texts)


def elements(message: Message) -> list[dict[str, Any]]:
    """Its buttons and menus, from left to right."""
    return [dict(element) for block in message.blocks if block["type"] == "actions" for element in block["elements"]]


def pressable(message: Message) -> list[str]:
    """The action ids of its buttons."""
    return [element["action_id"] for element in _of_blocks(message) if "value" in element]


def _of_blocks(message: Message) -> Iterator[Block]:
    for block in message.blocks:
        yield from block.get("elements", [])
