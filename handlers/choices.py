"""The words behind a name: when to end and how to record, in any order."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.ends import FOR_EXAMPLE, UNTIL_EXAMPLE, For, NotUnderstood, Until, parse_end
from handlers.entities import unescape
from handlers.usage import Usage
from recordings.options import DEFAULT, ENDS, WORDS, Contradiction, Option, Options, chosen

START_EXAMPLE = "/record start daily"
OPTIONS_EXAMPLE = "/record start daily for 45m audio"
_CLOSE_ENOUGH = 0.7
_RESOLUTION = re.compile(r"[0-9]{3,4}p?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said behind the name."""

    end: For | Until | None = None
    options: Options = DEFAULT
    with_options: bool = False


def is_word(word: str) -> bool:
    """Whether it means something behind a name; a channel that is named so stands in quotes."""
    return word.lower() in WORDS or word.lower() in ENDS


def close(word: str) -> str | None:
    """The word that was probably meant."""
    lower = word.lower()
    if _RESOLUTION.fullmatch(lower):
        lower = f"{lower.removesuffix('p')}p"
    found = difflib.get_close_matches(lower, (*WORDS, *ENDS), n=1, cutoff=_CLOSE_ENOUGH)
    return found[0] if found else None


def read(words: Sequence[str]) -> Wishes:
    """Raises `Usage`."""
    ends: list[For | Until] = []
    options: list[Option] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word.lower() in ENDS:
            end, left = _end(word.lower(), left)
            ends.append(end)
        elif word.lower() in WORDS:
            options.append(WORDS[word.lower()])
        else:
            raise _unknown(word)
    if len(ends) > 1:
        raise Usage("Say once when it ends: either for how long or until when.", FOR_EXAMPLE)
    try:
        return Wishes(ends[0] if ends else None, chosen(options), with_options=bool(options))
    except Contradiction as error:
        raise Usage(str(error), OPTIONS_EXAMPLE) from None


def _end(word: str, behind: list[str]) -> tuple[For | Until, list[str]]:
    """When it ends, and the words behind that. The time may be of several words (`1 h 30 min`, `3:30 pm`): as many as
    make sense together belong to it."""
    most = next((number for number, each in enumerate(behind) if is_word(each)), len(behind))
    if not most:
        when, example = ("For how long", FOR_EXAMPLE) if word == "for" else ("Until when", UNTIL_EXAMPLE)
        raise Usage(f"{when}? A channel that is really named so stands in quotes.", example)
    for count in range(most, 0, -1):
        if count < most and close(behind[count]) is None:
            continue  # what follows is neither a time nor nearly a word of ours
        try:
            return parse_end(word, " ".join(behind[:count])), behind[count:]
        except NotUnderstood:
            continue
    return parse_end(word, " ".join(behind[:most])), []


def _unknown(word: str) -> Usage:
    meant = close(word)
    guess = f" Did you mean {meant}?" if meant else ""
    quotes = "A name with spaces has to stand in quotes."
    return Usage(f"I don't know the word {unescape(word)[:40]} behind the name.{guess} {quotes}", OPTIONS_EXAMPLE)
