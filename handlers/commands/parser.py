"""What somebody typed after `/record`, taken apart."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from handlers.commands.end_times import For, Until
from handlers.commands.option_words import START_EXAMPLE, is_word, meant, read
from handlers.commands.usage import UsageError, unescape
from recordings.errors import PersonError
from recordings.model.options import DEFAULT_OPTIONS, Options

__all__ = ["ParsedCommand", "UnknownVerb", "UsageError", "asks_for_doctor", "check_bare_name", "nearest", "parse"]
VERBS = ("start", "status", "stop", "list", "doctor", "help")
_WITHOUT_A_NAME = ("doctor", "help")
_FOR_EVERYBODY = ("status", "list", "doctor", "help")
"""Commands that change nothing; the doctor asks for itself who may see him."""
_MEANT = {
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
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>")
_MENTION = re.compile(r"<[@#!][^>]*>")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:")
_NAME = re.compile(r'(?P<name>"[^"]*"(?=\s|$))\s*(?P<rest>.*)', re.DOTALL)
_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'})


class UnknownVerb(PersonError):
    """The first word is no command."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.nearest = nearest(word)


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A verb, and behind it a name, when to end, and how to record, where there are such."""

    verb: str
    name: str | None
    end: For | Until | None = None
    options: Options = DEFAULT_OPTIONS
    with_options: bool = False
    """Whether anything was said about how to record, the usual included."""


def parse(text: str) -> ParsedCommand:
    """The verb and the channel name. Raises `UnknownVerb` or `UsageError`."""
    words = text.translate(_QUOTES).strip().split(None, 1)
    if not words:
        return ParsedCommand("help", None)
    verb = words[0].lower()
    if verb not in VERBS:
        raise UnknownVerb(unescape(words[0]))
    rest = words[1].strip() if len(words) > 1 else ""
    if verb in _WITHOUT_A_NAME or not rest:
        return ParsedCommand(verb, None)
    if verb != "start":
        return ParsedCommand(verb, _name(rest, f"/record {verb} daily"))
    named, behind = _split(rest)
    wishes = read(behind)
    name = None if named is None else _name(named, START_EXAMPLE)
    return ParsedCommand(verb, name, wishes.end, wishes.options, with_options=wishes.with_options)


def _split(rest: str) -> tuple[str | None, list[str]]:
    """The name as it was typed, where there is one, and the words behind it."""
    quoted = _NAME.fullmatch(rest)
    if quoted is not None:
        return quoted["name"], quoted["rest"].split()
    words = rest.split()
    if is_word(words[0]):
        return None, words
    first = next((number for number in range(1, len(words)) if is_word(words[number]) or meant(words[number:])), None)
    return " ".join(words[:first]), ([] if first is None else words[first:])


def check_bare_name(name: str) -> None:
    """Whether a name that stands in a field of its own, without quotes, may be meant for more than a name.

    Raises `UsageError`.
    """
    _, behind = _split(name)
    try:
        end = read(behind).end
    except UsageError:
        end = None
    if end is not None:
        raise UsageError(
            "Only the name belongs here; for how long has a field of its own. If the Agora channel is really named so,"
            " put the name in quotes.",
            START_EXAMPLE,
        )
    _literal(name.strip(), START_EXAMPLE)


def asks_for_doctor(text: str) -> bool:
    """Whether this is the one command whose answer takes seconds."""
    return [word.lower() for word in text.split()[:1]] == ["doctor"]


def asks_for_form(text: str) -> bool:
    """Whether nothing was typed: then a form asks."""
    return not text.split()


def changes_something(text: str) -> bool:
    """Whether this is a command that not everybody may give."""
    words = text.translate(_QUOTES).split(None, 1)
    return not words or (words[0].lower() in VERBS and words[0].lower() not in _FOR_EVERYBODY)


def nearest(word: str) -> str | None:
    """The command that was probably meant."""
    lower = word.lower()
    if lower in _MEANT:
        return _MEANT[lower]
    close = difflib.get_close_matches(lower, VERBS, n=1, cutoff=0.55)
    if close or not lower.isalpha():
        return close[0] if close else None
    other_words = difflib.get_close_matches(lower, _MEANT, n=1, cutoff=0.75)
    return _MEANT[other_words[0]] if other_words else None


def _name(rest: str, example: str) -> str:
    if _MENTION.search(rest):
        raise UsageError("That is a mention of a person or a Slack channel, not the name of an Agora channel.", example)
    bare = unescape(_LINK.sub(r"\1", rest)).strip()
    if not bare:
        raise UsageError("There is no name in that link.", example)
    if bare.startswith('"'):
        return _quoted(bare, example)
    if '"' in bare:
        raise UsageError("A quotation mark is missing, or stands inside the name.", example)
    if len(bare.split()) > 1:
        raise UsageError("A name with spaces has to stand in quotes.", f'{example.rsplit(" ", 1)[0]} "team call"')
    return _literal(bare, example)


def _quoted(bare: str, example: str) -> str:
    inner = bare[1:-1]
    if len(bare) < 2 or not bare.endswith('"') or '"' in inner:
        raise UsageError("A quotation mark is missing, or there is something after the name.", example)
    if not inner.strip():
        raise UsageError("There is no name between the quotation marks.", example)
    return inner


def _literal(bare: str, example: str) -> str:
    if bare[0] in "@#":
        kind = "person" if bare[0] == "@" else "channel"
        raise UsageError(
            f"That looks like a Slack {kind}. If the Agora channel is really named so, put the name in quotes.", example
        )
    if _EMOJI.fullmatch(bare):
        raise UsageError("That is an emoji. If the Agora channel is really named so, put the name in quotes.", example)
    return bare
