"""The text behind `/record`, parsed once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from handlers.commands.end_times import TypedEnd
from handlers.commands.option_words import guess, is_option_word, parse_options
from handlers.commands.usage import UnknownVerb, UsageError, unescape
from messages.blocks import escape, quoted
from recordings.model.options import DEFAULT_OPTIONS, HELP_WORDS, Options


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
_SIMILARITY, _SYNONYM_SIMILARITY = 0.7, 0.75
"""From these ratios of difflib on, a word counts as a mistyped verb, or as a mistyped synonym of one."""
_FILLERS = ("now", "please")
"""Words that people type behind a name without meaning a part of it."""
_COMMAND = "/record "
_MOST_REPAIRS = 10
"""An example has one mistake less after each."""
_LONGEST_NAME = 64
"""Characters. A longer name is not repeated in an example: no call has one."""
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>")
_MENTION = re.compile(r"<[@#!][^>]*>")
_CHANNEL_MENTION = re.compile(r"<#[^>|]*\|([^>]+)>")
_NUMBER = re.compile(r"[0-9]{1,4}")
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
    topic: Verb | None = None
    """The command that help was wanted for."""

    @classmethod
    def parse(cls, text: str) -> Command:
        words = text.translate(_QUOTES).strip().split(None, 1)
        if not words:
            return cls(Verb.FORM)
        word, rest = words[0].lower(), words[1].strip() if len(words) > 1 else ""
        if word not in VERBS and word not in HELP_WORDS:
            return cls(Verb.UNKNOWN, problem=_unknown_verb(words[0], rest))
        verb = Verb.HELP if word in HELP_WORDS else Verb(word)
        if verb is Verb.HELP or rest.lower() in HELP_WORDS:
            return cls(Verb.HELP, topic=_topic(rest if verb is Verb.HELP else verb))
        if verb in _NAMELESS or not rest:
            return cls(verb)
        try:
            return cls._start(rest) if verb is Verb.START else cls(verb, _name(rest, verb))
        except UsageError as error:
            return cls(verb, problem=error)

    @classmethod
    def with_working_example(cls, text: str) -> Command:
        """The same, and an example that does not work either is replaced by the example for what is wrong with it."""
        command = cls.parse(text)
        if not isinstance(command.problem, UsageError):
            return command
        example = command.problem.example
        for _ in range(_MOST_REPAIRS):
            # Slack escapes what people type.
            problem = cls.parse(escape(example.removeprefix(_COMMAND))).problem if example else None
            if not isinstance(problem, UsageError):
                break
            example = problem.example
        else:
            example = ""
        return replace(command, problem=UsageError(str(command.problem), command.problem.words, example=example))

    @classmethod
    def _start(cls, rest: str) -> Command:
        typed, words = _split(rest)
        name = None if typed is None else _name(typed, Verb.START, words)
        try:
            parsed = parse_options(words)
        except UsageError as error:
            raise error.behind(start_command(name)) from None
        return cls(Verb.START, name, parsed.end, parsed.options, parsed.options_given)


def start_command(name: str | None) -> str:
    """The command that starts a recording of this call, as the person can type it; empty if no call has the name."""
    if name is None:
        return f"/record {Verb.START}"
    return f"/record {Verb.START} {quoted(name)}" if len(name) <= _LONGEST_NAME else ""


def _topic(word: str) -> Verb | None:
    return Verb(word.lower()) if word.lower() in VERBS else None


def _unknown_verb(word: str, rest: str) -> UnknownVerb:
    """`rest`: what stands behind the word; it is a part of the suggestion if it makes sense there."""
    closest = closest_verb(unescape(word))
    if closest is None:
        return UnknownVerb(unescape(word))
    is_right = Verb(closest) not in _NAMELESS and Command.parse(f"{closest} {rest}").problem is None
    behind = f" {unescape(rest)}" if rest and is_right and len(rest) <= _LONGEST_NAME else ""
    return UnknownVerb(unescape(word), f"/record {closest}{behind}")


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
            "Only the name belongs here; when to stop has a field of its own. If the call is really named so, put the"
            " name in quotes."
        )
    _check_not_slack(name.strip(), Verb.START)


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


def _name(typed: str, verb: Verb, words: Sequence[str] = ()) -> str:
    """`words`: what stands behind the name, for the example. Raises `UsageError`."""
    if _MENTION.search(typed):
        raise _mention(typed, verb)
    name = unescape(_LINK.sub(r"\1", typed)).strip()
    if not name:
        raise UsageError("There is no name in that link. Type the name of the call.")
    if name.startswith('"'):
        return _without_quotes(name, verb)
    if '"' in name:
        raise UsageError("A quotation mark is missing, or there is one inside the name.", example=_quoted(name, verb))
    if len(name.split()) > 1:
        raise _unquoted(name, verb, words)
    _check_not_slack(name, verb)
    return name


def _mention(typed: str, verb: Verb) -> UsageError:
    problem, channel = "Type the name of the call, not a mention.", _CHANNEL_MENTION.search(typed)
    if channel is None:
        return UsageError(problem)
    name = unescape(channel[1])
    return UsageError(f"{problem} Did you mean the call {name}?", example=f"/record {verb} {quoted(name)}")


def _unquoted(name: str, verb: Verb, words: Sequence[str]) -> UsageError:
    """For a name with spaces and without quotes."""
    *before, last = name.split()
    if verb is Verb.START and _NUMBER.fullmatch(last):
        command = start_command(" ".join(before))
        return UsageError(f"Is {last} the length, in minutes?", f"for {last}m").behind(command)
    if last.lower() in _FILLERS:
        return UsageError(f'Leave out "{last}", or put quotes around the whole name.', example=_quoted(name, verb))
    return UsageError("Put quotes around a name with spaces.", example=_quoted(name, verb, words))


def _quoted(name: str, verb: Verb, words: Sequence[str] = ()) -> str:
    """The command with this name, and with the words behind it if they are right; empty if no call has the name."""
    bare = name.replace('"', "").strip("' ")
    if not bare or len(bare) > _LONGEST_NAME:
        return ""
    try:
        parse_options(words)
    except UsageError:
        words = ()
    return " ".join([f"/record {verb}", quoted(bare), *words])


def _without_quotes(typed: str, verb: Verb) -> str:
    name = typed[1:-1]
    if len(typed) < 2 or not typed.endswith('"') or '"' in name:
        problem = "A quotation mark is missing, or there is something after the name."
        raise UsageError(problem, example=_quoted(typed, verb))
    if not name.strip():
        raise UsageError("There is no name between the quotation marks. Type the name of the call.")
    return name


def _check_not_slack(name: str, verb: Verb) -> None:
    """Raises `UsageError` if a name without quotes looks like a Slack person, a Slack channel or an emoji."""
    example = f'/record {verb} "{name}"' if len(name) <= _LONGEST_NAME else ""
    if name[0] == "#":
        bare = name.lstrip("#")
        guessed = f" Did you mean the call {bare}?" if bare else ""
        problem = f"That looks like a Slack channel.{guessed} If its name really begins with #, put the name in quotes."
        raise UsageError(problem, example=f"/record {verb} {quoted(bare)}" if bare else "")
    if name[0] == "@":
        problem = "That looks like a Slack person. If the call is really named so, put the name in quotes."
        raise UsageError(problem, example=example)
    if _EMOJI.fullmatch(name):
        problem = "That is an emoji. If the call is really named so, put the name in quotes."
        raise UsageError(problem, example=example)
