"""What somebody typed after `/record`, taken apart."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from recordings.errors import PersonError

VERBS = ("start", "status", "stop", "list", "doctor", "help")
_WITHOUT_A_NAME = ("doctor", "help")
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
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>")
_MENTION = re.compile(r"<[@#!][^>]*>")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:")
_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'})


class Usage(PersonError):
    """What was typed can't be understood. `example` shows what could be typed instead."""

    def __init__(self, problem: str, example: str) -> None:
        super().__init__(problem)
        self.example = example


class UnknownVerb(PersonError):
    """The first word is no command."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.nearest = nearest(word)


@dataclass(frozen=True, slots=True)
class Typed:
    """A verb and the name behind it, where there is one."""

    verb: str
    name: str | None


def parse(text: str) -> Typed:
    """The verb and the channel name. Raises `UnknownVerb` or `Usage`."""
    words = text.translate(_QUOTES).strip().split(None, 1)
    if not words:
        return Typed("help", None)
    verb = words[0].lower()
    if verb not in VERBS:
        raise UnknownVerb(_unescape(words[0]))
    rest = words[1].strip() if len(words) > 1 else ""
    if verb in _WITHOUT_A_NAME or not rest:
        return Typed(verb, None)
    return Typed(verb, _name(rest, f"/record {verb} daily"))


def asks_for_doctor(text: str) -> bool:
    """Whether this is the one command whose answer takes seconds."""
    return [word.lower() for word in text.split()[:1]] == ["doctor"]


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
        raise Usage("That is a mention of a person or a Slack channel, not the name of an Agora channel.", example)
    bare = _unescape(_LINK.sub(r"\1", rest)).strip()
    if not bare:
        raise Usage("There is no name in that link.", example)
    if bare.startswith('"'):
        return _quoted(bare, example)
    if '"' in bare:
        raise Usage("A quotation mark is missing, or stands inside the name.", example)
    if len(bare.split()) > 1:
        raise Usage("A name with spaces has to stand in quotes.", f'{example.rsplit(" ", 1)[0]} "team call"')
    return _literal(bare, example)


def _quoted(bare: str, example: str) -> str:
    inner = bare[1:-1]
    if len(bare) < 2 or not bare.endswith('"') or '"' in inner:
        raise Usage("A quotation mark is missing, or there is something behind the name.", example)
    if not inner.strip():
        raise Usage("There is no name between the quotation marks.", example)
    return inner


def _literal(bare: str, example: str) -> str:
    if bare[0] in "@#":
        raise Usage(f"That looks like a Slack {'person' if bare[0] == '@' else 'channel'}. If the Agora channel is "
                    "really named so, put the name in quotes.", example)  # fmt: skip
    if _EMOJI.fullmatch(bare):
        raise Usage("That is an emoji. If the Agora channel is really named so, put the name in quotes.", example)
    return bare


def _unescape(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
