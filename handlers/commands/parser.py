"""The text behind `/record`, parsed once."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum

from handlers import START_EXAMPLE
from handlers.commands.end_times import TypedEnd
from handlers.commands.option_words import guess, is_option_word, parse_options
from handlers.commands.usage import UnknownVerb, UsageError, unescape
from recordings.model.options import DEFAULT_OPTIONS, Options


class Verb(StrEnum):
    """The first word of a command; the last two stand for a first word that is missing or unknown."""

    START = "start"
    STATUS = "status"
    STOP = "stop"
    LIST = "list"
    DOCTOR = "doctor"
    HELP = "help"
    FORM = ""
    UNKNOWN = "unknown verb"


VERBS = tuple(str(verb) for verb in Verb if verb not in (Verb.FORM, Verb.UNKNOWN))
"""What people can type."""
_NAMELESS = (Verb.DOCTOR, Verb.HELP)
_SYNONYMS = {
    "again": "start",
    "begin": "start",
    "check": "doctor",
    "end": "stop",
    "finish": "stop",
    "halt": "stop",
    "history": "list",
    "info": "status",
    "log": "list",
    "record": "start",
    "recordings": "list",
    "repeat": "start",
    "restart": "start",
    "stat": "status",
    "?": "help",
}
"""Words that are not accepted, but whose meaning is clear enough to suggest a verb."""
_SIMILARITY, _SYNONYM_SIMILARITY = 0.55, 0.75
"""From these ratios of difflib on, a word counts as a mistyped verb, or as a mistyped synonym of one."""
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>")
_MENTION = re.compile(r"<[@#!][^>]*>")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:")
_QUOTED_NAME = re.compile(r'(?P<name>"[^"]*"(?=\s|$))\s*(?P<rest>.*)', re.DOTALL)
_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'})


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, and what was typed behind it; or what is wrong."""

    verb: Verb
    name: str | None = None
    """The Agora channel."""
    end: TypedEnd | None = None
    options: Options = DEFAULT_OPTIONS
    options_given: bool = False
    """Whether there was any word about how to record, even if it names a default."""
    problem: UsageError | UnknownVerb | None = None

    @classmethod
    def parse(cls, text: str) -> Command:
        words = text.translate(_QUOTES).strip().split(None, 1)
        if not words:
            return cls(Verb.FORM)
        word = words[0].lower()
        if word not in VERBS:
            typed = unescape(words[0])
            return cls(Verb.UNKNOWN, problem=UnknownVerb(typed, closest_verb(typed)))
        verb, rest = Verb(word), words[1].strip() if len(words) > 1 else ""
        if verb in _NAMELESS or not rest:
            return cls(verb)
        try:
            return cls._start(rest) if verb is Verb.START else cls(verb, _name(rest, f"/record {verb} daily"))
        except UsageError as error:
            return cls(verb, problem=error)

    @classmethod
    def _start(cls, rest: str) -> Command:
        name, words = _split(rest)
        parsed = parse_options(words)
        return cls(
            Verb.START,
            None if name is None else _name(name, START_EXAMPLE),
            parsed.end,
            parsed.options,
            parsed.options_given,
        )


def _split(rest: str) -> tuple[str | None, list[str]]:
    """The name as it was typed, or None, and the words behind it."""
    quoted = _QUOTED_NAME.fullmatch(rest)
    if quoted is not None:
        return quoted["name"], quoted["rest"].split()
    words = rest.split()
    if is_option_word(words[0]):
        return None, words
    first = next(
        (index for index in range(1, len(words)) if is_option_word(words[index]) or guess(words[index:])), len(words)
    )
    return " ".join(words[:first]), words[first:]


def check_unquoted_name(name: str) -> None:
    """Raises `UsageError` if a name in a field of its own looks like more than a name, or like a Slack name."""
    _, words = _split(name)
    try:
        end = parse_options(words).end
    except UsageError:
        end = None
    if end is not None:
        raise UsageError(
            "Only the name belongs here; for how long has a field of its own. If the Agora channel is really named so,"
            " put the name in quotes.",
            START_EXAMPLE,
        )
    _check_not_slack(name.strip(), START_EXAMPLE)


def closest_verb(word: str) -> str | None:
    """The verb that was probably meant."""
    lower = word.lower()
    if lower in _SYNONYMS:
        return _SYNONYMS[lower]
    similar = difflib.get_close_matches(lower, VERBS, n=1, cutoff=_SIMILARITY)
    if similar or not lower.isalpha():
        return similar[0] if similar else None
    synonyms = difflib.get_close_matches(lower, _SYNONYMS, n=1, cutoff=_SYNONYM_SIMILARITY)
    return _SYNONYMS[synonyms[0]] if synonyms else None


def _name(typed: str, example: str) -> str:
    if _MENTION.search(typed):
        raise UsageError("That is a mention of a person or a Slack channel, not the name of an Agora channel.", example)
    name = unescape(_LINK.sub(r"\1", typed)).strip()
    if not name:
        raise UsageError("There is no name in that link.", example)
    if name.startswith('"'):
        return _without_quotes(name, example)
    if '"' in name:
        raise UsageError("A quotation mark is missing, or stands inside the name.", example)
    if len(name.split()) > 1:
        raise UsageError("A name with spaces has to stand in quotes.", f'{example.rsplit(" ", 1)[0]} "team call"')
    _check_not_slack(name, example)
    return name


def _without_quotes(quoted: str, example: str) -> str:
    name = quoted[1:-1]
    if len(quoted) < 2 or not quoted.endswith('"') or '"' in name:
        raise UsageError("A quotation mark is missing, or there is something after the name.", example)
    if not name.strip():
        raise UsageError("There is no name between the quotation marks.", example)
    return name


def _check_not_slack(name: str, example: str) -> None:
    """Raises `UsageError` if a name without quotes looks like a Slack person, a Slack channel or an emoji."""
    if name[0] in "@#":
        kind = "person" if name[0] == "@" else "channel"
        raise UsageError(
            f"That looks like a Slack {kind}. If the Agora channel is really named so, put the name in quotes.", example
        )
    if _EMOJI.fullmatch(name):
        raise UsageError("That is an emoji. If the Agora channel is really named so, put the name in quotes.", example)
