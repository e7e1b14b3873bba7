"""Writes the transcript of `make demo` into docs/tour.md, and a part of it into README.md. `make tour` runs it."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOUR, README = ROOT / "docs" / "tour.md", ROOT / "README.md"
WIDTH = 80
TRANSCRIPT = re.compile(r"(?<=<!-- transcript -->\n```\n).*?(?=```)", re.DOTALL)
"""Where a page has it."""
GAP = "…"
_NEW = re.compile(r"\d\d:\d\d:\d\d ")
_EDITED = "edited)"
_COMMAND, _CARD = re.compile(r".* /record start "), re.compile(r"\S+ Recorder  [^(]")
_ALERT, _REPLY = re.compile(r".*\(in the card's thread, and in #"), re.compile(r".*\(in the card's thread\)")


def play() -> str:
    """The transcript of a demo that is played now. Raises `demo.DidNotHappen`."""
    # Here, since the test that reads the pages needs neither, and they are slow to import.
    from rich.console import Console

    import demo

    out = io.StringIO()
    console = Console(file=out, width=WIDTH, highlight=False, force_terminal=False)
    with tempfile.TemporaryDirectory(prefix="recorder-tour-") as folder:
        demo.show(console, Path(folder))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def entries(transcript: str) -> list[list[str]]:
    """The lines of each entry, which begins with a time or stands alone."""
    result: list[list[str]] = []
    for line in transcript.splitlines():
        if _NEW.match(line) or not line.startswith(" ") or not result:
            result.append([])
        result[-1].append(line)
    return [entry for entry in result if entry != [""]]


def is_edit(entry: Sequence[str]) -> bool:
    """Whether it is an edit. A busy bot skips those that the next one overwrites."""
    return entry[0].endswith(_EDITED)


def excerpt(transcript: str) -> str:
    """The parts that README.md shows: the command, the new card, the first alert, and the files."""
    command, card, alert = (_matching(transcript, pattern)[0] for pattern in (_COMMAND, _CARD, _ALERT))
    shown = (*command, GAP, *card, GAP, *alert, GAP, *_matching(transcript, _REPLY)[-1])
    return "".join(f"{line}\n" for line in shown)


def _matching(transcript: str, pattern: re.Pattern[str]) -> list[list[str]]:
    return [entry for entry in entries(transcript) if pattern.match(entry[0])]


def shown_in(page: str) -> str:
    """The transcript that a page shows."""
    match = TRANSCRIPT.search(page)
    if match is None:
        raise LookupError("no <!-- transcript --> with a block of code below it")
    return match[0]


def main() -> None:
    transcript = play()
    for page, part in ((TOUR, transcript), (README, excerpt(transcript))):
        text = page.read_text(encoding="utf-8")
        shown_in(text)
        page.write_text(TRANSCRIPT.sub(lambda _, part=part: part, text), encoding="utf-8")  # type: ignore[misc]
    sys.stdout.write(f"Wrote {TOUR.relative_to(ROOT)} and {README.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
