"""The words behind the name of a channel: when to end and how to record, in any order."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from handlers import START_EXAMPLE
from handlers.commands.end_times import FOR_EXAMPLE, UNTIL_EXAMPLE, NotATime, TypedEnd, parse_end
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

OPTIONS_EXAMPLE = "/record start daily for 45m audio"
_SIMILARITY = 0.7
"""From this ratio of difflib on, a word counts as a mistyped one of ours."""
_RESOLUTION = re.compile(r"[0-9]{3,4}p?", re.IGNORECASE)
_SPLIT_RESOLUTION = re.compile(r"(?<!\S)([0-9]{3,4})\s+p(?!\S)", re.IGNORECASE)
_SYNONYMS = {
    "4k": "1080p",
    "fhd": "1080p",
    "gallery": "grid",
    "spotlight": "speaker",
    "til": "until",
    "till": "until",
    "voice": "audio",
}
"""Words that are not accepted, but whose meaning is clear enough to suggest one of ours."""
_FILLERS: dict[Option, tuple[str, ...]] = {Media.AUDIO: ("only",), **dict.fromkeys(Layout, ("layout", "view"))}
"""Words that may follow an option and add nothing to it."""


@dataclass(frozen=True, slots=True)
class ParsedOptions:
    """The words behind the name."""

    end: TypedEnd | None = None
    options: Options = DEFAULT_OPTIONS
    options_given: bool = False
    """Whether there was any word about how to record, even if it names a default."""


def is_option_word(word: str) -> bool:
    """Whether the word has a meaning behind a name. A channel with such a name has to be typed in quotes."""
    return word.lower() in OPTION_WORDS or word.lower() in END_WORDS or len(_unglued(word)) > 1


def closest_word(word: str) -> str | None:
    """The word of ours that was probably meant."""
    lower = unicodedata.normalize("NFKC", word).lower()
    if lower in _SYNONYMS:
        return _SYNONYMS[lower]
    if _RESOLUTION.fullmatch(lower):
        lower = f"{lower.removesuffix('p')}p"
    similar = difflib.get_close_matches(lower, (*OPTION_WORDS, *END_WORDS), n=1, cutoff=_SIMILARITY)
    return similar[0] if similar else None


def guess(words: Sequence[str]) -> str | None:
    """What the first of these words was probably meant for, with the time if it is one: `for 45m`."""
    for count in (2, 1):
        for end_word in END_WORDS:
            value = " ".join(words[:count])
            try:
                parse_end(end_word, value)
            except NotATime:
                continue
            except UsageError:
                return end_word
            return f"{end_word} {value}"
    return closest_word(words[0])


def parse_options(words: Sequence[str]) -> ParsedOptions:
    """Raises `UsageError`."""
    ends: list[TypedEnd] = []
    options: list[Option] = []
    rest = _normalized(words)
    while rest:
        word = rest.pop(0)
        if word.lower() in END_WORDS:
            end, rest = _take_end(word.lower(), rest)
            ends.append(end)
        elif word.lower() in OPTION_WORDS:
            option = OPTION_WORDS[word.lower()]
            options.append(option)
            if rest and rest[0].lower() in _FILLERS.get(option, ()):
                rest.pop(0)
        else:
            raise _unknown([word, *rest])
    if len(ends) > 1:
        raise UsageError("Say once when it ends: either for how long or until when.", FOR_EXAMPLE)
    try:
        return ParsedOptions(ends[0] if ends else None, combine_options(options), options_given=bool(options))
    except Contradiction as error:
        raise UsageError(str(error), OPTIONS_EXAMPLE) from None


def _normalized(words: Sequence[str]) -> list[str]:
    """Without commas and full-width characters, with `for45m` split and `1080 p` joined."""
    text = _SPLIT_RESOLUTION.sub(r"\1p", unicodedata.normalize("NFKC", " ".join(words)))
    bare = [word.strip(",") for word in text.split()]
    return [piece for word in bare if word for piece in _unglued(word)]


def _unglued(word: str) -> list[str]:
    """`for45m` as two words; anything else as it is."""
    glued = UNSPACED_END.match(word)
    if glued is None:
        return [word]
    try:
        parse_end(glued[1], word[glued.end() :])
    except NotATime:
        return [word]
    except UsageError:
        pass  # It is an impossible time: the caller parses it again and says why.
    return [glued[1], word[glued.end() :]]


def _take_end(end_word: str, rest: list[str]) -> tuple[TypedEnd, list[str]]:
    """The time behind `for` or `until`, and the words behind that time.

    A time can have several words (`1 h 30 min`, `3:30 pm`): it takes as many as parse together.
    """
    most = next((index for index, word in enumerate(rest) if is_option_word(word)), len(rest))
    if not most:
        question, example = ("For how long", FOR_EXAMPLE) if end_word == "for" else ("Until when", UNTIL_EXAMPLE)
        raise UsageError(f"{question}? A channel that is really named so stands in quotes.", example)
    for count in range(most, 0, -1):
        if count < most and closest_word(rest[count]) is None:
            continue  # The word behind is neither part of a time nor a mistyped option.
        try:
            return parse_end(end_word, " ".join(rest[:count])), rest[count:]
        except NotATime:
            continue
    return parse_end(end_word, " ".join(rest[:most])), []


def _unknown(words: Sequence[str]) -> UsageError:
    suggestion = guess(words)
    question = f" Did you mean {suggestion}?" if suggestion else ""
    problem = (
        f"I don't know the word {unescape(words[0])[:40]} after the name.{question}"
        " A name with spaces has to stand in quotes."
    )
    return UsageError(problem, _example(suggestion))


def _example(suggestion: str | None) -> str:
    if suggestion is None:
        return OPTIONS_EXAMPLE
    return {"for": FOR_EXAMPLE, "until": UNTIL_EXAMPLE}.get(suggestion, f"{START_EXAMPLE} {suggestion}")
