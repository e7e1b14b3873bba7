"""JSON objects of requests: the few questions that every part of the simulator asks."""

from __future__ import annotations

from collections.abc import Mapping

Fields = Mapping[str, object]

MAX_UID = 2**32 - 1


def is_whole(value: object) -> bool:
    """Whether a JSON value is an integer (`true` is not)."""
    return type(value) is int


def section(given: Fields, name: str) -> Fields:
    """The object of that name; empty if it is missing or something else."""
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def file_types(request: Fields) -> tuple[str, ...]:
    """The file types that the clientRequest of a start asks for."""
    given = section(request, "recordingFileConfig").get("avFileType")
    return tuple(given) if isinstance(given, list) else ("hls",)
