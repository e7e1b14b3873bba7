"""The text behind `/record`, as Slack sends it: `&`, `<` and `>` always as entities."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agora.channels import ALLOWED, MAX_BYTES
from handlers.commands.end_times import For, Until
from handlers.commands.parser import VERBS, Command, Verb, closest_verb
from handlers.commands.usage import UnknownVerb, UsageError, usage_reply
from messages.blocks import typed
from recordings.model.options import END_WORDS, OPTION_WORDS, Layout, Media, Options, Resolution
from tests.fakes.slack import MESSAGE_CONFIG

UNDERSTOOD: dict[str, tuple[str, str | None]] = {
    "": ("", None),
    "   ": ("", None),
    "\t\n": ("", None),
    "help": ("help", None),
    "help me please": ("help", None),
    "doctor": ("doctor", None),
    "Doctor please": ("doctor", None),
    "start": ("start", None),
    "  start  ": ("start", None),
    "START": ("start", None),
    "Stop": ("stop", None),
    "status": ("status", None),
    "start daily": ("start", "daily"),
    "stop daily": ("stop", "daily"),
    "list": ("list", None),
    'list "team call"': ("list", "team call"),
    "status daily": ("status", "daily"),
    "start   daily  ": ("start", "daily"),
    "start\tdaily": ("start", "daily"),
    "start\ndaily": ("start", "daily"),
    "start\u00a0daily": ("start", "daily"),
    "start Daily": ("start", "Daily"),
    'start "help"': ("start", "help"),
    "start now": ("start", "now"),
    "stop all": ("stop", "all"),
    "start start": ("start", "start"),
    'start "team call"': ("start", "team call"),
    "start \u201cteam call\u201d": ("start", "team call"),
    "start \u201eteam call\u201d": ("start", "team call"),
    "start \u00abteam call\u00bb": ("start", "team call"),
    'start "daily"': ("start", "daily"),
    'start " daily "': ("start", " daily "),
    'start "@daily"': ("start", "@daily"),
    'start "#daily"': ("start", "#daily"),
    'start ":daily:"': ("start", ":daily:"),
    "start a&amp;b": ("start", "a&b"),
    "start a&lt;b&gt;c": ("start", "a<b>c"),
    "start &amp;lt;": ("start", "&lt;"),
    "start &amp;amp;": ("start", "&amp;"),
    "start &quot;x&quot;": ("start", "&quot;x&quot;"),
    "start <http://daily.co|daily.co>": ("start", "daily.co"),
    "start <https://daily.co|daily.co>": ("start", "daily.co"),
    "start <mailto:daily@x.io|daily@x.io>": ("start", "daily@x.io"),
    'start "<http://daily.co|daily.co> call"': ("start", "daily.co call"),
    "start daily:smile:": ("start", "daily:smile:"),
    "start 12:30": ("start", "12:30"),
    "start user@host": ("start", "user@host"),
    "start daily;DROP": ("start", "daily;DROP"),
    "start \u062f\u064a\u0644\u064a": ("start", "\u062f\u064a\u0644\u064a"),
    "start \u202edaily": ("start", "\u202edaily"),
    "start d\x00aily": ("start", "d\x00aily"),
    "start \u200bdaily": ("start", "\u200bdaily"),
    "start \U0001f3a5": ("start", "\U0001f3a5"),
    "start $(reboot)": ("start", "$(reboot)"),
    "start " + "x" * 5000: ("start", "x" * 5000),
}
"""Verb and name. Whether an Agora channel can have the name is not the parser's question."""

WITH_AN_END: dict[str, tuple[str | None, For | Until | None]] = {
    "start daily for 45m": ("daily", For(2700)),
    "start daily for 45 m": ("daily", For(2700)),
    "start daily for 90 min": ("daily", For(5400)),
    "start daily for 90 minutes": ("daily", For(5400)),
    "start daily for 1 minute": ("daily", For(60)),
    "start daily for 1h30m": ("daily", For(5400)),
    "start daily for 1 h 30 min": ("daily", For(5400)),
    "start daily for 2h": ("daily", For(7200)),
    "start daily for 2 hours": ("daily", For(7200)),
    "start daily for 1.5h": ("daily", For(5400)),
    "start daily for 1,5 h": ("daily", For(5400)),
    "start daily for 23h": ("daily", For(82_800)),
    "start daily for 1380m": ("daily", For(82_800)),
    "start daily FOR 45M": ("daily", For(2700)),
    "start daily\tfor\n45m": ("daily", For(2700)),
    "start daily until 15:30": ("daily", Until(15, 30)),
    "start daily until 9:05": ("daily", Until(9, 5)),
    "start daily until 09.05": ("daily", Until(9, 5)),
    "start daily until 0:00": ("daily", Until(0, 0)),
    "start daily until 23:59": ("daily", Until(23, 59)),
    "start daily until 3pm": ("daily", Until(15, 0)),
    "start daily until 3:30 PM": ("daily", Until(15, 30)),
    "start daily until 3:30 p.m.": ("daily", Until(15, 30)),
    "start daily until 12am": ("daily", Until(0, 0)),
    "start daily until 12:15 pm": ("daily", Until(12, 15)),
    'start "team call" for 45m': ("team call", For(2700)),
    "start \u201cteam call\u201d until 15:30": ("team call", Until(15, 30)),
    "start for 45m": (None, For(2700)),
    "start until 15:30": (None, Until(15, 30)),
    'start "for" for 45m': ("for", For(2700)),
    'start "until" until 15:30': ("until", Until(15, 30)),
    "start form for 45m": ("form", For(2700)),
    "start <http://daily.co|daily.co> for 45m": ("daily.co", For(2700)),
    "start daily for45m": ("daily", For(2700)),
    "start daily until15:30": ("daily", Until(15, 30)),
    "start daily until3:30 pm": ("daily", Until(15, 30)),
    "start for45m": (None, For(2700)),
    'start "for45m"': ("for45m", None),
    "start for2025": ("for2025", None),
    "start daily for an hour": ("daily", For(3600)),
    "start daily for Half an Hour": ("daily", For(1800)),
    "start daily for an hour and a half": ("daily", For(5400)),
    "start daily for 1h30": ("daily", For(5400)),
    "start daily for 1 h 5": ("daily", For(3900)),
    "start daily for \uff14\uff15m": ("daily", For(2700)),
    "start daily until \uff11\uff15\uff1a\uff13\uff10": ("daily", Until(15, 30)),
    "start daily until 15.30": ("daily", Until(15, 30)),
    "start daily 45m": ("daily", For(2700)),
    "start daily 45 min": ("daily", For(2700)),
    "start daily 1 h 30 min": ("daily", For(5400)),
    "start daily 2h": ("daily", For(7200)),
    'start "team call" 45m': ("team call", For(2700)),
}

WRONG_ENDS = {
    "start daily for": "For how long",
    "start for": "For how long",
    "start daily until": "Until when",
    "start until": "Until when",
    "start for for 45m": "For how long",
    "start daily for 45": "45 minutes?",
    "start daily for 2": "2 minutes or hours?",
    "start daily 45": "45",
    "start daily for ever": "minutes or hours",
    "start daily for -5m": "minutes or hours",
    "start daily for 45m please": '"please"',
    "start daily for 45s": "minutes or hours",
    "start daily for <@U012AB3CD|ana>": "minutes or hours",
    "start daily for 99999999999h": "minutes or hours",
    "start daily for 30 m 1 h": "once",
    "start daily for 0m": "at least a minute",
    "start daily for 0.5m": "at least a minute",
    "start daily for 24h": "23 hours at most",
    "start daily for 23h1m": "23 hours at most",
    "start daily for 99999m": "23 hours at most",
    "start daily until 25:00": "no such time",
    "start daily until 12:60": "no such time",
    "start daily until 15:30pm": "no such time",
    "start daily until 0am": "no such time",
    "start daily until 15": "When should it end",
    "start daily until noon": "When should it end",
    "start daily until tomorrow 15:30": "When should it end",
    "start daily until 15:30:00": "When should it end",
    "start team call for 45m": "quotes",
    'start "team call for 45m': "missing",
    'start "team call"for 45m': "after the name",
    "start @ana for 45m": "person",
    "start <@U012AB3CD|ana> for 45m": "mention",
    "stop daily for 45m": "quotes",
    "status daily until 15:30": "quotes",
}
"""Words of the problem."""

SOUND = Options(media=Media.AUDIO)
WITH_OPTIONS: dict[str, tuple[str | None, For | Until | None, Options]] = {
    "start daily audio": ("daily", None, SOUND),
    "start daily sound": ("daily", None, SOUND),
    "start daily AUDIO-only": ("daily", None, SOUND),
    "start audio": (None, None, SOUND),
    "start for 45m audio": (None, For(2700), SOUND),
    "start audio for 45m": (None, For(2700), SOUND),
    'start "audio" audio': ("audio", None, SOUND),
    'start "grid"': ("grid", None, Options()),
    'start "team call" floating': ("team call", None, Options(layout=Layout.FLOATING)),
    "start daily grid": ("daily", None, Options()),
    "start daily video grid 720p": ("daily", None, Options()),
    "start daily grid grid": ("daily", None, Options()),
    "start daily speaker 1080p": ("daily", None, Options(layout=Layout.SPEAKER, resolution=Resolution.P1080)),
    "start daily fullhd": ("daily", None, Options(resolution=Resolution.P1080)),
    "start daily hd": ("daily", None, Options()),
    "start daily 480p until 15:30": ("daily", Until(15, 30), Options(resolution=Resolution.P480)),
    "start daily 360p for 1 h 30 min floating": (
        "daily",
        For(5400),
        Options(layout=Layout.FLOATING, resolution=Resolution.P360),
    ),
    "start daily until 3:30 pm audio": ("daily", Until(15, 30), SOUND),
    "start daily\tfor\n45m\u00a0audio": ("daily", For(2700), SOUND),
    "start daily for 45m, audio": ("daily", For(2700), SOUND),
    "start daily for an hour audio": ("daily", For(3600), SOUND),
    "start daily video, grid": ("daily", None, Options()),
    "start daily audio only": ("daily", None, SOUND),
    "start sound only for 45m": (None, For(2700), SOUND),
    "start daily speaker view": ("daily", None, Options(layout=Layout.SPEAKER)),
    "start daily floating layout 480p": (
        "daily",
        None,
        Options(layout=Layout.FLOATING, resolution=Resolution.P480),
    ),
    "start daily 1080 p": ("daily", None, Options(resolution=Resolution.P1080)),
    "start daily \uff11\uff10\uff18\uff10\uff50": ("daily", None, Options(resolution=Resolution.P1080)),
}
WRONG_OPTIONS = {
    "start daily for 45m gird": "Did you mean grid?",
    "start daily gird": "Did you mean grid?",
    "start daily adio": "Did you mean audio?",
    "start daily speakr for 45m": "Did you mean speaker?",
    "start daily 1080": "Did you mean 1080p?",
    "start daily gallery": "Did you mean grid?",
    "start daily speeker": "Did you mean speaker?",
    "start daily 4k": "Did you mean 1080p?",
    "start daily 30h": "23 hours at most",
    "start daily till 15:30": "Did you mean until?",
    "start daily 3pm": "Did you mean until 3pm?",
    "start daily for99h": "23 hours at most",
    "start daily video only": '"only"',
    "start daily audio now": '"now"',
    "start daily grid <@U012AB3CD|ana>": '"<@U012AB3CD|ana>"',
    "start daily audio grid": "no layout",
    "start daily 1080p audio": "no resolution",
    "start daily grid speaker": "Choose grid or speaker, not both",
    "start daily 720p 1080p": "Choose 720p or 1080p, not both",
    "start daily audio video": "Choose audio or video, not both",
    "start daily for 45m until 15:30": "Say once when it ends",
    "start daily for audio": "For how long",
    "start weekly video call": "quotes",
}

REFUSED = {
    "start team call": "quotes",
    "start daily -- ; DROP TABLE recordings": "quotes",
    "start 'team call'": "quotes",
    "stop a b c": "quotes",
    'start "team call': "missing",
    'start team call"': "missing",
    'start team "call"': "missing",
    'start da"ily': "missing",
    'start "team" call': '"call"',
    'start "a" "b"': "means here",
    "start daily please": 'Leave out "please"',
    "start daily now": 'Leave out "now"',
    'start "': "missing",
    'start ""': "no name",
    'start "  "': "no name",
    "start <@U012AB3CD|ana>": "mention",
    "start <@U012AB3CD>": "mention",
    "start <#C012AB3CD|daily>": "mention",
    "start <#C012AB3CD>": "mention",
    "start <!here>": "mention",
    "start <!channel>": "mention",
    "start <!everyone|everyone>": "mention",
    "start <!subteam^S012AB3CD|@team>": "mention",
    'start "<@U012AB3CD|ana>"': "mention",
    "start daily <@U012AB3CD|ana>": "mention",
    "start @ana": "person",
    "start @here": "person",
    "start #daily": "channel",
    "start #": "channel",
    "start @": "person",
    "start :smile:": "emoji",
    "start :+1:": "emoji",
    "start :flag-de:": "emoji",
    "start <http://daily.co|>": "no name",
    'start "<http://daily.co|>"': "no name",
    'start <http://daily.co|">': "missing",
}
"""Words of the problem."""

UNKNOWN = {
    "strat daily": "start",
    "statr": "start",
    "satrt": "start",
    "share": None,
    "settings": None,
    "star": "start",
    "strt": "start",
    "begin": "start",
    "record daily": "start",
    "stpo": "stop",
    "sotp": "stop",
    "stopp": "stop",
    "end": "stop",
    "finish": "stop",
    "statsu": "status",
    "staus": "status",
    "stat": "status",
    "lst": "list",
    "lits": "list",
    "lists": "list",
    "history": "list",
    "recordings": "list",
    "again": "start",
    "agian": "start",
    "histroy": "list",
    "restart": "start",
    "info": "status",
    "hlep": "help",
    "halp": "help",
    "?": "help",
    "daily": None,
    "xyzzy": None,
    "\U0001f3a5": None,
    "\u200bstart": "start",
    "'start'": "start",
    '"start': "start",
    "<@U012AB3CD|ana>": None,
    "&lt;script&gt;": None,
    "'; DROP TABLE recordings; --": None,
    "x" * 100_000: None,
    "\x00": None,
    "\u202etrats": None,
    "/record": None,
    "-": None,
}
"""The suggestion; None: none."""


def problem(text: str) -> UsageError:
    parsed = Command.parse(text)
    assert isinstance(parsed.problem, UsageError), text
    return parsed.problem


def test_verb_and_name_are_parsed() -> None:
    for text, (verb, name) in UNDERSTOOD.items():
        assert Command.parse(text) == Command(Verb(verb), name), text


def test_an_end_behind_the_name_is_parsed() -> None:
    for text, (name, end) in WITH_AN_END.items():
        assert Command.parse(text) == Command(Verb.START, name, end), text


def test_options_behind_the_name_are_parsed_in_any_order() -> None:
    for text, (name, end, options) in WITH_OPTIONS.items():
        parsed = Command.parse(text)
        assert (parsed.problem, parsed.name, parsed.end, parsed.options) == (None, name, end, options), text
        assert parsed.options_given is (text != 'start "grid"'), text


def test_a_wrong_command_has_a_problem_and_an_example_that_can_be_typed() -> None:
    for text, words in {**REFUSED, **WRONG_ENDS, **WRONG_OPTIONS}.items():
        wrong = problem(text)
        assert words in str(wrong), text
        assert Command.parse(wrong.example.removeprefix("/record ")).problem is None, text
        assert "daily" not in wrong.example or "daily" in text.replace('"', ""), text


EXAMPLES = {
    "start team-sync for 45": "/record start team-sync for 45m",
    "start team-sync for ever": "/record start team-sync for 45m",
    "start team-sync gird": "/record start team-sync grid",
    "start team-sync for 30m gird": "/record start team-sync for 30m grid",
    "start team-sync for 30m please": "/record start team-sync for 30m",
    "start team-sync for": "/record start team-sync for 45m",
    "start team-sync till 16:10": "/record start team-sync until 16:10",
    "start team-sync for 30m audio grid": "/record start team-sync for 30m audio",
    "start team-sync please": '/record start "team-sync please"',
    "start team call for 30m": '/record start "team call" for 30m',
    "start 'team call'": '/record start "team call"',
    'start "team call': '/record start "team call"',
    "start team-sync 45": "/record start team-sync for 45m",
    "start <#C012AB3CD|general>": "/record start general",
    "stop <#C012AB3CD|general>": "/record stop general",
    "start #general": "/record start general",
    "start @ana": '/record start "@ana"',
    "start for ever": "/record start for 45m",
}


def test_the_example_is_the_persons_own_command_put_right() -> None:
    for text, command in EXAMPLES.items():
        assert problem(text).example == command, text


def test_help_behind_a_command_is_about_that_command() -> None:
    for text, topic in {
        "start help": "start",
        "stop HELP": "stop",
        "list --help": "list",
        "doctor help": "doctor",
        "help start": "start",
        "help me": None,
        "--help": None,
    }.items():
        assert Command.parse(text) == Command(Verb.HELP, topic=None if topic is None else Verb(topic)), text


def test_a_name_that_no_call_can_have_is_not_repeated() -> None:
    assert problem("start " + "x" * 65 + " for ever").example == ""
    assert problem("start " + "x " * 65).example == ""


def test_the_verb_of_a_wrong_command_is_known_and_in_the_example() -> None:
    for text in REFUSED:
        verb = text.split(" ")[0]
        assert Command.parse(text).verb == verb, text
        example = problem(text).example
        assert not example or f"{example} ".startswith(f"/record {verb} "), text


@pytest.mark.parametrize("word", ["adio", "1080", "gird", "speeker", "till", "3pm", "fullhd2"])
def test_the_example_for_a_mistyped_option_shows_the_suggestion(word: str) -> None:
    wrong = problem(f"start daily {word}")
    suggestion = str(wrong).split("Did you mean ")[1].split("?")[0]

    assert wrong.example.startswith(f"/record start daily {suggestion if suggestion != 'until' else 'for 45m'}")


def test_behind_other_verbs_an_option_word_is_a_name() -> None:
    for word in [*OPTION_WORDS, *END_WORDS, "for45m"]:
        for verb in (Verb.STOP, Verb.STATUS, Verb.LIST):
            assert Command.parse(f"{verb} {word}") == Command(verb, word)
        assert Command.parse(f'start "{word}"') == Command(Verb.START, word)
        assert typed(word) == f'"{word}"'


def test_an_unknown_verb_brings_the_closest_one() -> None:
    for text, closest in UNKNOWN.items():
        parsed = Command.parse(text)
        assert parsed.verb is Verb.UNKNOWN, text
        assert isinstance(parsed.problem, UnknownVerb), text
        suggestion = parsed.problem.suggestion
        assert (None if suggestion is None else suggestion.split()[1]) == closest, text


def test_the_suggestion_keeps_what_was_typed_behind_the_verb() -> None:
    for text, suggestion in {
        "strat daily for 45m": "/record start daily for 45m",
        "record team-sync": "/record start team-sync",
        "sotp": "/record stop",
        "strat two words": "/record start",
        "hlep me": "/record help",
        "strat <@U1|ana>": "/record start",
    }.items():
        unknown = Command.parse(text).problem
        assert isinstance(unknown, UnknownVerb)
        assert unknown.suggestion == suggestion, text


def test_the_unknown_verb_is_given_back_as_it_was_typed() -> None:
    assert str(Command.parse("&lt;b&gt; daily").problem) == "<b>"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_closest_to_itself(verb: str) -> None:
    assert closest_verb(verb) == verb
    assert closest_verb(verb.upper()) == verb


def is_answered(text: str) -> bool:
    """Parsed, or with a problem in words."""
    parsed = Command.parse(text)
    return parsed.verb in Verb if parsed.problem is None else bool(str(parsed.problem))


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    assert is_answered(text)


@given(
    st.sampled_from(["start ", "stop ", "status ", "list "]), st.text(alphabet='"<>|&;@#!: \u201cahtp/', max_size=30)
)
def test_any_name_is_answered(verb: str, name: str) -> None:
    assert is_answered(verb + name)


@given(st.sampled_from(["for ", "until ", "daily for ", "daily until "]), st.text(max_size=20))
def test_any_end_is_answered(words: str, end: str) -> None:
    assert is_answered(f"start {words}{end}")


@given(
    st.lists(
        st.sampled_from([*OPTION_WORDS, *END_WORDS, "45m", "15:30", "3", "pm", "gird", '"x"', "daily"]), max_size=8
    )
)
def test_any_options_are_answered(words: list[str]) -> None:
    assert is_answered(" ".join(["start", *words]))


TYPED = ("45m", "15:30", "25:00", "0", "45", "9999", "1080", "til", "please", "daily", '"team', 'call"', "`x`")
SLACK_TYPED = ("&lt;b&gt;", "a&amp;b", "#x", "@ana", ":smile:", "<#C1|general>", "<@U1|ana>")


@given(
    st.sampled_from(VERBS),
    st.lists(
        st.sampled_from([*OPTION_WORDS, *END_WORDS, *TYPED, *SLACK_TYPED]),
        max_size=7,
    ),
)
@example("start", ["daily", "0"])
@example("start", ["daily", "for", "9999"])
@example("start", ["daily", "audio", "1080"])
@example("start", ["daily", "audio", "grid", "please"])
@example("start", ["45m", "1h", "til", "15:30"])
def test_the_example_for_any_wrong_command_works(verb: str, words: list[str]) -> None:
    wrong = Command.with_working_example(" ".join([verb, *words])).problem
    words_shown = usage_reply(wrong, MESSAGE_CONFIG).text if wrong else ""
    assert "for 0m" not in words_shown
    for shown in re.findall(r"`/record ([^`]*)`", words_shown):
        assert Command.parse(shown).problem is None, shown


@given(st.text(alphabet=sorted(ALLOWED), min_size=1, max_size=MAX_BYTES).filter(str.strip))
def test_a_name_as_the_bot_shows_it_can_be_typed(name: str) -> None:
    shown = html.unescape(typed(name))
    sent = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert Command.parse(f"start {sent}") == Command(Verb.START, name)


@given(st.text())
def test_only_its_own_word_asks_for_the_doctor(text: str) -> None:
    assert Command.parse(f" Doctor {text}").verb is Verb.DOCTOR
    assert Command.parse(f"start doctor {text}").verb is Verb.START
    first_word = text.split()[:1]
    assert (Command.parse(text).verb is Verb.DOCTOR) == (bool(first_word) and first_word[0].lower() == "doctor")


@given(st.text(alphabet=" \t\n\u00a0\u2003"))
def test_a_command_without_words_asks_for_the_form(blank: str) -> None:
    assert Command.parse(blank) == Command(Verb.FORM)
