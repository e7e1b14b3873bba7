"""The words behind a name: when to end and how to record, in any order."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.commands.end_times import FOR_EXAMPLE, UNTIL_EXAMPLE, For, NotUnderstood, Until, parse_end
from handlers.commands.usage import UsageError, unescape
from recordings.model.options import (
    DEFAULT_OPTIONS,
    END_WORDS,
    OPTION_WORDS,
    UNSPACED_END,
    Contradiction,
    Layout,
    Media,
    Option,
    Options,
    combine_options,
)

START_EXAMPLE = "/record start daily"
OPTIONS_EXAMPLE = "/record start daily for 45m audio"
_CLOSE_ENOUGH = 0.7
_RESOLUTION = re.compile(r"[0-9]{3,4}p?", re.IGNORECASE)
_APART = re.compile(r"(?<!\S)([0-9]{3,4})\s+p(?!\S)", re.IGNORECASE)
_MEANT = {
    "4k": "1080p",
    "fhd": "1080p",
    "gallery": "grid",
    "spotlight": "speaker",
    "til": "until",
    "till": "until",
    "voice": "audio",
}
_MAY_FOLLOW: dict[Option, tuple[str, ...]] = {Media.AUDIO: ("only",), **dict.fromkeys(Layout, ("layout", "view"))}
"""Words that add nothing to the one before them."""


@dataclass(frozen=True, slots=True)
class ParsedOptions:
    """What was said behind the name."""

    end: For | Until | None = None
    options: Options = DEFAULT_OPTIONS
    with_options: bool = False


def is_word(word: str) -> bool:
    """Whether it means something behind a name; a channel that is named so stands in quotes."""
    return word.lower() in OPTION_WORDS or word.lower() in END_WORDS or len(_unglued(word)) > 1


def close(word: str) -> str | None:
    """The word that was probably meant."""
    lower = unicodedata.normalize("NFKC", word).lower()
    if lower in _MEANT:
        return _MEANT[lower]
    if _RESOLUTION.fullmatch(lower):
        lower = f"{lower.removesuffix('p')}p"
    found = difflib.get_close_matches(lower, (*OPTION_WORDS, *END_WORDS), n=1, cutoff=_CLOSE_ENOUGH)
    return found[0] if found else None


def meant(words: Sequence[str]) -> str | None:
    """What the first of these was probably meant for, with the time where it is one: `for 45m`."""
    for count in (2, 1):
        for end in END_WORDS:
            value = " ".join(words[:count])
            try:
                parse_end(end, value)
            except NotUnderstood:
                continue
            except UsageError:
                return end
            return f"{end} {value}"
    return close(words[0])


def read(words: Sequence[str]) -> ParsedOptions:
    """Raises `UsageError`."""
    ends: list[For | Until] = []
    options: list[Option] = []
    left = _tidied(words)
    while left:
        word = left.pop(0)
        if word.lower() in END_WORDS:
            end, left = _end(word.lower(), left)
            ends.append(end)
        elif word.lower() in OPTION_WORDS:
            option = OPTION_WORDS[word.lower()]
            options.append(option)
            if left and left[0].lower() in _MAY_FOLLOW.get(option, ()):
                left.pop(0)
        else:
            raise _unknown([word, *left])
    if len(ends) > 1:
        raise UsageError("Say once when it ends: either for how long or until when.", FOR_EXAMPLE)
    try:
        return ParsedOptions(ends[0] if ends else None, combine_options(options), with_options=bool(options))
    except Contradiction as error:
        raise UsageError(str(error), OPTIONS_EXAMPLE) from None


def _tidied(words: Sequence[str]) -> list[str]:
    """As they were meant: `for45m` and `1080 p`, commas between them, letters and digits of full width."""
    text = _APART.sub(r"\1p", unicodedata.normalize("NFKC", " ".join(words)))
    bare = [word.strip(",") for word in text.split()]
    return [part for word in bare if word for part in _unglued(word)]


def _unglued(word: str) -> list[str]:
    found = UNSPACED_END.match(word)
    if found is None:
        return [word]
    try:
        parse_end(found[1], word[found.end() :])
    except NotUnderstood:
        return [word]
    except UsageError:
        pass  # it is a time, which cannot be: whoever reads it says why
    return [found[1], word[found.end() :]]


def _end(word: str, behind: list[str]) -> tuple[For | Until, list[str]]:
    """When it ends, and the words behind that. The time may be of several words (`1 h 30 min`, `3:30 pm`): as many as
    make sense together belong to it."""
    most = next((number for number, each in enumerate(behind) if is_word(each)), len(behind))
    if not most:
        when, example = ("For how long", FOR_EXAMPLE) if word == "for" else ("Until when", UNTIL_EXAMPLE)
        raise UsageError(f"{when}? A channel that is really named so stands in quotes.", example)
    for count in range(most, 0, -1):
        if count < most and close(behind[count]) is None:
            continue  # what follows is neither a time nor nearly a word of ours
        try:
            return parse_end(word, " ".join(behind[:count])), behind[count:]
        except NotUnderstood:
            continue
    return parse_end(word, " ".join(behind[:most])), []


def _unknown(words: Sequence[str]) -> UsageError:
    guess = meant(words)
    asked = f" Did you mean {guess}?" if guess else ""
    quotes = "A name with spaces has to stand in quotes."
    told = f"I don't know the word {unescape(words[0])[:40]} after the name.{asked} {quotes}"
    return UsageError(told, _example(guess))


def _example(guess: str | None) -> str:
    if guess is None:
        return OPTIONS_EXAMPLE
    return {"for": FOR_EXAMPLE, "until": UNTIL_EXAMPLE}.get(guess, f"{START_EXAMPLE} {guess}")
