"""Output of the command line: quiet if the reader has gone, and colors on a terminal only."""

from __future__ import annotations

import os
from typing import TextIO


def write(text: str, to: TextIO) -> None:
    """Writes at once. Says nothing if the reader has closed the pipe (`| head`)."""
    try:
        to.write(text)
        to.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())


def has_colors(to: TextIO) -> bool:
    """Whether to color text: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return to.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
