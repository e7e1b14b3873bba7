"""The form: its values when it opens, and what it starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agora.channels import check_channel_name
from handlers.commands.end_times import EndTimes, For, Until
from handlers.commands.parser import Command
from handlers.commands.usage import UsageError
from handlers.directory import NotInChannel
from handlers.form import RecordForm, parse_length
from handlers.requests import Submission
from messages.blocks import Message
from messages.form import Limits, not_one_of, typed_span
from recordings.errors import SlackBusy, SlackError, SlackRefused, StorageUnavailable
from recordings.model.audit import Source
from recordings.model.options import Layout, Media, Options, Resolution
from recordings.model.recording import Recording, State
from recordings.service.access import ChannelRules
from recordings.service.start_stop import RecordingService
from simulator.slack import state_of
from tests.fakes.access import Workspace
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, at, over, up
from tests.fakes.slack_requests import a_command


class FakeViews:
    """Opens views, or raises `error`."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, dict[str, Any]]] = []
        self.error: SlackError | None = None

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.opened.append((trigger_id, view))


class Away(MemoryRecordings):
    def of_channel(self, *_: Any, **__: Any) -> list[Recording]:
        raise StorageUnavailable("locked")


class Stack:
    """The form of #daily on empty repositories."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.recordings = MemoryRecordings(self.memory)
        self.slack = FakeViews()
        self.time_zone: tzinfo | None = ZoneInfo("Europe/Madrid")
        self.workspace = Workspace()
        self.channel_name: Callable[[str, str], str | None] = lambda channel, named: named or None
        ids = iter(range(1, 1000))
        self.new_id = lambda: f"new{next(ids)}"

    @property
    def form(self) -> RecordForm:
        clock = FakeClock()
        service = RecordingService(
            self.recordings, self.workspace.access, check_channel_name, clock, self.new_id, lambda: None
        )
        end_times = EndTimes(clock, lambda user: self.time_zone)
        return RecordForm(service, self.channel_name, end_times, self.slack, Limits(14_400), lambda: "recorder")

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.recordings.add_recording(recording, None) is None

    def opens(self, channel_name: str = "daily") -> Message | None:
        return self.form.open(a_command(channel_name=channel_name, trigger_id="1.2"), Command.parse(""))

    @property
    def view(self) -> dict[str, Any]:
        return self.slack.opened[-1][1]

    def holds(self, field: str) -> Any:
        element = next(block["element"] for block in self.view["blocks"] if block["block_id"] == field)
        chosen = element.get("initial_option")
        return chosen["value"] if chosen else element.get("initial_value")

    def sends(self, view_id: str = "V1", by: str = "U1", **values: str) -> dict[str, str]:
        """What is wrong, by field."""
        if not self.slack.opened:
            self.opens()
        filled: dict[tuple[str, str], Any] = {}
        for name, value in values.items():
            element = next(block["element"] for block in self.view["blocks"] if block["block_id"] == name)
            options = {option["value"]: option for option in element.get("options", [])}
            filled[name, name] = options[value] if options else value
        view = {**self.view, "id": view_id, "state": state_of(self.view["blocks"], filled)}
        return self.submits(view, by)

    def submits(self, view: dict[str, Any], by: str = "U1") -> dict[str, str]:
        return self.form.submit(Submission.parse({"user": {"id": by}, "team": {"id": "T1"}, "view": view}))


@pytest.fixture
def stack() -> Stack:
    return Stack()


def test_a_contact_that_is_a_mention_is_not_named_in_a_field_because_it_shows_none() -> None:
    assert not_one_of("zz", ["team-*"], "it@corp.example").endswith("Ask it@corp.example to add it.")
    assert not_one_of("zz", ["team-*"], "<!subteam^S1>").endswith("Ask your recording admin to add it.")


# its values when it opens


def test_where_the_bot_can_not_post_the_invitation_comes_instead_of_the_form(stack: Stack) -> None:
    stack.has(over(agora_channel="weekly"))
    for is_conversation, words in ((False, "`/invite @recorder`, then try again"), (True, "DM between people")):

        def lookup(channel: str, named: str, between_people: bool = is_conversation) -> str | None:
            raise NotInChannel(channel, is_conversation=between_people)

        stack.channel_name = lookup
        reply = stack.opens("privategroup")
        assert reply is not None
        assert words in reply.text
    assert stack.slack.opened == []


def test_it_opens_with_the_name_of_the_slack_channel(stack: Stack) -> None:
    assert stack.opens() is None
    assert stack.slack.opened[0][0] == "1.2"
    assert [stack.holds(name) for name in ("channel", "length", "media", "layout", "resolution")] == [
        "daily",
        None,
        "video",
        "grid",
        "720p",
    ]


@pytest.mark.parametrize("name", ["", "b\u00fcro", "x" * 80])
def test_an_impossible_name_is_not_proposed(stack: Stack, name: str) -> None:
    stack.opens(name)

    assert stack.holds("channel") is None


def test_the_last_recording_is_proposed_with_its_options(stack: Stack) -> None:
    options = Options(layout=Layout.SPEAKER, resolution=Resolution.P1080, lasts=5400)
    stack.has(over(id="a", agora_channel="old"), over(id="b", agora_channel="new", requested_at=at(9), options=options))
    stack.has(
        over(id="c", agora_channel="old", requested_at=at(1)), over(id="d", slack_channel="C2", agora_channel="x")
    )
    stack.opens()

    assert [stack.holds(name) for name in ("channel", "length", "layout", "resolution")] == [
        "new",
        "1h30m",
        "speaker",
        "1080p",
    ]
    recent = next(block["element"] for block in stack.view["blocks"] if block["block_id"] == "recent")
    assert [option["value"] for option in recent["options"]] == ["new", "old"]
    assert "initial_option" not in recent


def test_a_name_that_may_not_be_recorded_any_more_is_not_proposed(stack: Stack) -> None:
    stack.has(over(agora_channel="secret"))
    stack.workspace.channel_rules = ChannelRules(("team-*",))
    stack.opens("team-a")

    assert stack.holds("channel") == "team-a"
    assert "recent" not in [block["block_id"] for block in stack.view["blocks"]]


def test_without_the_database_it_opens_with_the_defaults(stack: Stack) -> None:
    stack.recordings = Away(stack.memory)

    assert stack.opens() is None
    assert stack.holds("channel") == "daily"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackRefused("expired_trigger_id"), "didn't open in time"),
        (SlackRefused("trigger_expired"), "didn't open in time"),
        (SlackRefused("exchanged_trigger_id"), "is already open"),
        (SlackRefused("trigger_exchanged"), "is already open"),
        (SlackRefused("view_too_large"), "Error `view_too_large`"),
        (SlackBusy("ratelimited", retry_after=9), "Error `ratelimited`"),
        (SlackBusy("no_answer: TimeoutError"), "didn't open in time"),
    ],
)
def test_if_it_does_not_open_the_reply_says_what_to_type(stack: Stack, error: SlackError, words: str) -> None:
    stack.slack.error = error
    reply = stack.opens()

    assert reply is not None
    assert words in reply.text
    assert "Type `/record` again, or `/record start` and the name of the call." in reply.text


# what it starts


def test_it_starts_a_recording_as_the_command_would(stack: Stack) -> None:
    assert stack.sends(channel="weekly", length="45m", layout="floating", resolution="480p") == {}
    (row,) = stack.recordings.active()
    assert (row.agora_channel, row.slack_team, row.slack_channel, row.started_by) == ("weekly", "T1", "C1", "U1")
    assert row.options == Options(layout=Layout.FLOATING, resolution=Resolution.P480, lasts=2700)
    assert row.intent.ends_at == at(2700)
    assert [audit_event.source for audit_event in stack.memory.audit_events] == [Source.FORM]
    assert stack.memory.rows[row.id].response_url == "https://hooks.example/1"


def test_sound_only_drops_the_proposed_layout(stack: Stack) -> None:
    stack.has(over(options=Options(layout=Layout.SPEAKER)))
    stack.opens()

    assert stack.sends(media="audio") == {}
    assert [r.options.media for r in stack.recordings.active()] == [Media.AUDIO]


def test_a_redelivered_form_starts_one_recording_and_another_form_reads_so(stack: Stack) -> None:
    assert [stack.sends(), stack.sends()] == [{}, {}]
    assert stack.sends(view_id="V2", by="U2") == {
        "channel": "daily already has a recording here. See its card in this channel."
    }
    assert len(stack.recordings.active()) == 1


def test_a_recent_name_wins_and_has_its_error_at_its_own_field(stack: Stack) -> None:
    stack.has(over(agora_channel="weekly"))
    stack.opens()
    stack.has(up(id="rec2", agora_channel="weekly", slack_channel="C2"))

    assert stack.sends(channel="daily", recent="weekly") == {
        "recent": "Someone is already recording weekly from another channel."
    }


def test_every_wrong_field_shows_its_error_at_once(stack: Stack) -> None:
    wrong = stack.sends(channel="a/b", length="ever", media="audio", layout="speaker", resolution="1080p")

    assert sorted(wrong) == ["channel", "layout", "length", "resolution"]
    assert stack.recordings.active() == []


def test_a_layout_for_sound_only_is_an_error_only_if_somebody_chose_it(stack: Stack) -> None:
    assert list(stack.sends(media="audio", layout="floating")) == ["layout"]
    assert stack.sends(media="audio", layout="grid") == {}


@pytest.mark.parametrize("name", ['"weekly"', "\u201cweekly\u201d", " weekly "])
def test_quotes_and_spaces_around_a_name_are_dropped(stack: Stack, name: str) -> None:
    stack.sends(channel=name)

    assert [r.agora_channel for r in stack.recordings.active()] == ["weekly"]


NOT_A_NAME = {
    "daily for 45m": "Only the name belongs here",
    "daily until 15:30 audio": "Only the name belongs here",
    "daily for45m": "Only the name belongs here",
    "#daily": "a Slack channel",
    "@ana": "a Slack person",
    ":smile:": "an emoji",
}


@pytest.mark.parametrize("name", NOT_A_NAME)
def test_more_than_a_name_is_an_error_unless_it_is_in_quotes(stack: Stack, name: str) -> None:
    wrong = stack.sends(channel=name)

    assert list(wrong) == ["channel"]
    assert NOT_A_NAME[name] in wrong["channel"]
    assert "put the name in quotes" in wrong["channel"]
    assert stack.sends(channel=f'"{name}"') == {}
    assert [r.agora_channel for r in stack.recordings.active()] == [name]


def test_a_name_that_the_settings_leave_out_is_an_error_at_the_name(stack: Stack) -> None:
    stack.workspace.channel_rules = ChannelRules(("team-*",))

    assert stack.sends(channel="secret") == {
        "channel": "secret can't be recorded here. Allowed: team-*. Ask your recording admin to add it."
    }
    assert stack.recordings.active() == []


def test_a_name_that_the_form_proposed_is_accepted_as_it_is(stack: Stack) -> None:
    stack.has(over(agora_channel="#daily for 45m"))
    stack.opens()

    assert stack.sends() == {}


def test_a_field_that_slack_sends_empty_has_its_default(stack: Stack) -> None:
    stack.opens()
    values = {
        "channel": {"channel": {"type": "plain_text_input", "value": "daily"}},
        "length": {"length": {"type": "plain_text_input", "value": None}},
        "media": {"media": {"type": "radio_buttons", "selected_option": None}},
        "layout": {"layout": {"type": "static_select", "selected_option": None}},
    }
    view = {**stack.view, "id": "V1", "state": {"values": values}}

    assert stack.submits(view) == {}
    assert [r.options for r in stack.recordings.active()] == [Options()]


def test_a_time_that_can_also_be_a_length_is_an_error(stack: Stack) -> None:
    wrong = stack.sends(length="1:30")

    assert "Is 1:30 a length or a time of day?" in wrong["length"]
    assert "Type 1h30m, or until 1:30." in wrong["length"]


def test_markup_in_a_name_is_plain_text(stack: Stack) -> None:
    stack.sends(channel="<!channel> & co")

    assert [r.agora_channel for r in stack.recordings.active()] == ["<!channel> & co"]


def test_if_the_time_zone_is_unknown_the_error_proposes_a_length(stack: Stack) -> None:
    stack.time_zone = None
    wrong = stack.sends(length="15:30")

    assert "time zone" in wrong["length"]
    assert "45m" in wrong["length"]


def test_a_failed_recording_is_in_nobodys_way(stack: Stack) -> None:
    stack.has(over(state=State.FAILED))

    assert stack.sends(channel="daily") == {}


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", None),
        ("  ", None),
        ("45m", For(2700)),
        ("for 1h 30 min", For(5400)),
        ("15:30", Until(15, 30)),
        ("until 3:30 pm", Until(15, 30)),
        ("for45m", For(2700)),
        ("until1:30", Until(1, 30)),
        ("half an hour", For(1800)),
        ("\uff14\uff15m", For(2700)),
    ],
)
def test_a_length_is_parsed_with_or_without_its_word(text: str, end: For | Until | None) -> None:
    assert parse_length(text) == end


@pytest.mark.parametrize("text", ["ever", "for", "until", "45", "until 45m", "for 15:30"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_length(text)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (60, "1m"), (2700, "45m"), (3600, "1h"), (5400, "1h30m"), (90, "1.5m")]
)
def test_the_form_shows_a_length_as_people_can_type_it(seconds: float | None, shown: str) -> None:
    assert typed_span(seconds) == shown
    assert parse_length(shown) == (None if seconds is None else For(seconds))
