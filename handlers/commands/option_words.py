"""The words behind the name of a channel: when to end and how to record, in any order."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.commands.end_times import NotATime, TypedEnd, parse_end
from handlers.commands.usage import ANY_LENGTH, UsageError, unescape
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
    """Raises `UsageError`. A length does not need its `for`: nothing else behind a name looks like one."""
    ends: list[TypedEnd] = []
    typed_ends: list[str] = []
    options: list[Option] = []
    every_word = rest = _normalized(words)
    while rest:
        before, word = rest, rest[0].lower()
        if word in OPTION_WORDS:
            options.append(OPTION_WORDS[word])
            rest = _without_filler(options[-1], rest[1:])
            continue
        end, rest = _take_end(word, rest[1:]) if word in END_WORDS else _take_length(rest)
        if end is None:
            raise _unknown(rest, every_word[: len(every_word) - len(rest)])
        ends.append(end)
        typed_ends.append(" ".join(before[: len(before) - len(rest)]))
    if len(ends) > 1:
        raise UsageError("Say once when it ends: either a length or a time.", typed_ends[0])
    try:
        return ParsedOptions(ends[0] if ends else None, combine_options(options), options_given=bool(options))
    except Contradiction as error:
        kept = [word for word in every_word if OPTION_WORDS.get(word.lower()) is not error.second]
        raise UsageError(str(error), " ".join(kept)) from None


def _without_filler(option: Option, rest: list[str]) -> list[str]:
    return rest[1:] if rest and rest[0].lower() in _FILLERS.get(option, ()) else rest


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


def _take_end(end_word: str, rest: list[str]) -> tuple[TypedEnd | None, list[str]]:
    """The time behind `for` or `until`, and the words behind that time.

    A time can have several words (`1 h 30 min`, `3:30 pm`): it takes as many as parse together.
    """
    most = next((index for index, word in enumerate(rest) if is_option_word(word)), len(rest))
    if not most:
        raise UsageError("For how long?" if end_word == "for" else "Until when? A length will do, too.", ANY_LENGTH)
    wrong = UsageError("")
    for count in range(most, 0, -1):
        try:
            return parse_end(end_word, " ".join(rest[:count])), rest[count:]
        except NotATime as error:
            wrong = error
    raise wrong


def _take_length(rest: list[str]) -> tuple[TypedEnd | None, list[str]]:
    """A length without its `for`, and the words behind it; None if the words do not begin with one."""
    try:
        return _take_end("for", rest)
    except NotATime:
        return None, rest


def _unknown(words: list[str], before: list[str]) -> UsageError:
    """`words`: from the one without a meaning on; `before`: those that have one."""
    shown, suggestion = unescape(words[0])[:40], guess(words)
    if suggestion is None:
        problem = f'I\'m not sure what "{shown}" means here. Leave it out, or put quotes around the whole name.'
        return UsageError(problem, " ".join(before))
    problem = f'I\'m not sure what "{shown}" means here. Did you mean {suggestion}? A name with spaces needs quotes.'
    return UsageError(problem, " ".join([*before, _as_typed(suggestion, words[1:])]))


def _as_typed(suggestion: str, behind: list[str]) -> str:
    """The suggestion as it can be typed: an end word alone needs its time."""
    if suggestion not in END_WORDS:
        return suggestion
    try:
        _take_end(suggestion, behind)
    except UsageError:
        return ANY_LENGTH
    return " ".join([suggestion, *behind])
