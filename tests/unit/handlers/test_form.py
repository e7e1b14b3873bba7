"""The form: what it holds when it opens, and what it makes of what somebody filled in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agora.channels import check_channel_name
from handlers.commands.end_times import Ends, For, Until
from handlers.commands.usage import UsageError
from handlers.form import RecordForm, end_in
from messages.blocks import Message
from messages.form import Limits, typed_span
from recordings.errors import SlackBusy, SlackError, SlackRefused, StorageUnavailable
from recordings.model.audit import Source
from recordings.model.options import Layout, Media, Options, Resolution
from recordings.model.recording import Recording, State
from recordings.service.access import AllowedChannels
from recordings.service.start_stop import RecordingService
from simulator.slack import state_of
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, at, over, up


class FakeSlack:
    """Opens views."""

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


class Desk:
    """The form on an empty store, in #daily."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.store = MemoryRecordings(self.memory)
        self.slack = FakeSlack()
        self.zone: tzinfo | None = ZoneInfo("Europe/Madrid")
        self.allowed = AllowedChannels()
        self.name: Callable[[str, str], str | None] = lambda channel, told: told or None
        ids = iter(range(1, 1000))
        self.new_id = lambda: f"new{next(ids)}"

    @property
    def form(self) -> RecordForm:
        def check(name: str, /) -> None:
            check_channel_name(name)
            self.allowed.check(name)

        service = RecordingService(self.store, check, FakeClock(), self.new_id, lambda: None)
        ends = Ends(FakeClock(), lambda user: self.zone)
        return RecordForm(service, self.name, ends, self.slack, Limits(14_400, tokens=True))

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.store.add_recording(recording, None) is None

    def opens(self, channel_name: str = "daily") -> Message | None:
        where = {"team_id": "T1", "channel_id": "C1", "channel_name": channel_name}
        return self.form.open(
            {**where, "user_id": "U1", "trigger_id": "1.2", "response_url": "https://hooks.example/1"}
        )

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
        return self.form.submit({"user": {"id": by}, "team": {"id": "T1"}, "view": view})


@pytest.fixture
def desk() -> Desk:
    return Desk()


# what it holds


def test_it_opens_with_the_trigger_and_the_slack_channels_name(desk: Desk) -> None:
    assert desk.opens() is None
    assert desk.slack.opened[0][0] == "1.2"
    assert [desk.holds(name) for name in ("channel", "length", "media", "layout", "resolution")] == [
        "daily",
        None,
        "video",
        "grid",
        "720p",
    ]


@pytest.mark.parametrize("name", ["", "b\u00fcro", "x" * 80])
def test_a_name_that_no_agora_channel_can_have_is_not_proposed(desk: Desk, name: str) -> None:
    desk.opens(name)

    assert desk.holds("channel") is None


def test_what_was_recorded_last_is_proposed_as_it_was_asked_for(desk: Desk) -> None:
    asked = Options(layout=Layout.SPEAKER, resolution=Resolution.P1080, lasts=5400)
    desk.has(over(id="a", agora_channel="old"), over(id="b", agora_channel="new", requested_at=at(9), options=asked))
    desk.has(over(id="c", agora_channel="old", requested_at=at(1)), over(id="d", slack_channel="C2", agora_channel="x"))
    desk.opens()

    assert [desk.holds(name) for name in ("channel", "length", "layout", "resolution")] == [
        "new",
        "1h30m",
        "speaker",
        "1080p",
    ]
    recent = next(block["element"] for block in desk.view["blocks"] if block["block_id"] == "recent")
    assert [option["value"] for option in recent["options"]] == ["new", "old"]
    assert "initial_option" not in recent


def test_what_may_not_be_recorded_any_more_is_not_proposed(desk: Desk) -> None:
    desk.has(over(agora_channel="secret"))
    desk.allowed = AllowedChannels(("team-*",))
    desk.opens("team-a")

    assert desk.holds("channel") == "team-a"
    assert "recent" not in [block["block_id"] for block in desk.view["blocks"]]


def test_without_the_database_it_opens_with_the_usual(desk: Desk) -> None:
    desk.store = Away(desk.memory)

    assert desk.opens() is None
    assert desk.holds("channel") == "daily"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SlackRefused("expired_trigger_id"), "came too late"),
        (SlackRefused("trigger_expired"), "came too late"),
        (SlackRefused("exchanged_trigger_id"), "opened the form before"),
        (SlackRefused("trigger_exchanged"), "opened the form before"),
        (SlackRefused("view_too_large"), "(`view_too_large`)"),
        (SlackBusy("ratelimited", retry_after=9), "(`ratelimited`)"),
        (SlackBusy("no_answer: TimeoutError"), "did not answer in time"),
    ],
)
def test_where_it_does_not_open_the_words_for_the_same_are_told(desk: Desk, error: SlackError, said: str) -> None:
    desk.slack.error = error
    told = desk.opens()

    assert told is not None
    assert said in told.text
    assert "`/record start daily for 45m audio`" in told.text


# what it makes of what was filled in


def test_it_starts_what_the_words_would_start(desk: Desk) -> None:
    assert desk.sends(channel="weekly", length="45m", layout="floating", resolution="480p") == {}
    (row,) = desk.store.active()
    assert (row.agora_channel, row.slack_team, row.slack_channel, row.started_by) == ("weekly", "T1", "C1", "U1")
    assert row.options == Options(layout=Layout.FLOATING, resolution=Resolution.P480, lasts=2700)
    assert row.intent.ends_at == at(2700)
    assert [audit_event.source for audit_event in desk.memory.audit_events] == [Source.FORM]
    assert desk.memory.rows[row.id].response_url == "https://hooks.example/1"


def test_sound_only_keeps_nothing_of_the_picture_that_stood_there(desk: Desk) -> None:
    desk.has(over(options=Options(layout=Layout.SPEAKER)))
    desk.opens()

    assert desk.sends(media="audio") == {}
    assert [r.options.media for r in desk.store.active()] == [Media.AUDIO]


def test_the_same_form_twice_starts_one_recording_and_another_form_is_told(desk: Desk) -> None:
    assert [desk.sends(), desk.sends()] == [{}, {}]
    assert desk.sends(view_id="V2", by="U2") == {
        "channel": "daily is being recorded here already: its card is in this channel."
    }
    assert len(desk.store.active()) == 1


def test_a_recent_name_wins_and_is_told_off_at_its_own_field(desk: Desk) -> None:
    desk.has(over(agora_channel="weekly"))
    desk.opens()
    desk.has(up(id="rec2", agora_channel="weekly", slack_channel="C2"))

    assert desk.sends(channel="daily", recent="weekly") == {
        "recent": "weekly is already recorded from another channel."
    }


def test_every_field_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    wrong = desk.sends(channel="a/b", length="ever", media="audio", layout="speaker", resolution="1080p")

    assert sorted(wrong) == ["channel", "layout", "length", "resolution"]
    assert desk.store.active() == []


def test_a_picture_that_was_chosen_is_told_off_and_one_that_stood_there_is_not(desk: Desk) -> None:
    assert list(desk.sends(media="audio", layout="floating")) == ["layout"]
    assert desk.sends(media="audio", layout="grid") == {}


@pytest.mark.parametrize("name", ['"weekly"', "\u201cweekly\u201d", " weekly "])
def test_quotes_and_spaces_around_a_name_are_left_out(desk: Desk, name: str) -> None:
    desk.sends(channel=name)

    assert [r.agora_channel for r in desk.store.active()] == ["weekly"]


NOT_A_NAME = {
    "daily for 45m": "Only the name belongs here",
    "daily until 15:30 audio": "Only the name belongs here",
    "daily for45m": "Only the name belongs here",
    "#daily": "a Slack channel",
    "@ana": "a Slack person",
    ":smile:": "an emoji",
}


@pytest.mark.parametrize("name", NOT_A_NAME)
def test_what_is_more_than_a_name_is_told_at_the_name_and_taken_as_it_is_in_quotes(desk: Desk, name: str) -> None:
    wrong = desk.sends(channel=name)

    assert list(wrong) == ["channel"]
    assert NOT_A_NAME[name] in wrong["channel"]
    assert "put the name in quotes" in wrong["channel"]
    assert desk.sends(channel=f'"{name}"') == {}
    assert [r.agora_channel for r in desk.store.active()] == [name]


def test_a_name_that_the_form_itself_proposed_is_taken_as_it_is(desk: Desk) -> None:
    desk.has(over(agora_channel="#daily for 45m"))
    desk.opens()

    assert desk.sends() == {}


def test_a_field_that_slack_sends_empty_is_what_was_left_out(desk: Desk) -> None:
    desk.opens()
    values = {
        "channel": {"channel": {"type": "plain_text_input", "value": "daily"}},
        "length": {"length": {"type": "plain_text_input", "value": None}},
        "media": {"media": {"type": "radio_buttons", "selected_option": None}},
        "layout": {"layout": {"type": "static_select", "selected_option": None}},
    }
    view = {**desk.view, "id": "V1", "state": {"values": values}}

    assert desk.form.submit({"user": {"id": "U1"}, "team": {"id": "T1"}, "view": view}) == {}
    assert [r.options for r in desk.store.active()] == [Options()]


def test_a_time_that_may_as_well_be_a_length_is_asked_about(desk: Desk) -> None:
    wrong = desk.sends(length="1:30")

    assert "Is 1:30 a length or a time of day?" in wrong["length"]
    assert "1h30m or until 15:30" in wrong["length"]


def test_marks_in_a_name_are_plain_text(desk: Desk) -> None:
    desk.sends(channel="<!channel> & co")

    assert [r.agora_channel for r in desk.store.active()] == ["<!channel> & co"]


def test_where_slack_does_not_tell_the_time_zone_another_way_is_proposed(desk: Desk) -> None:
    desk.zone = None
    wrong = desk.sends(length="15:30")

    assert "time zone" in wrong["length"]
    assert "45m" in wrong["length"]


def test_one_that_failed_stands_in_nobodys_way(desk: Desk) -> None:
    desk.has(over(state=State.FAILED))

    assert desk.sends(channel="daily") == {}


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
def test_a_length_is_understood_with_or_without_its_word(text: str, end: For | Until | None) -> None:
    assert end_in(text) == end


@pytest.mark.parametrize("text", ["ever", "for", "until", "45", "until 45m", "for 15:30"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        end_in(text)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (60, "1m"), (2700, "45m"), (3600, "1h"), (5400, "1h30m"), (90, "1.5m")]
)
def test_a_length_is_shown_as_it_can_be_typed(seconds: float | None, shown: str) -> None:
    assert typed_span(seconds) == shown
    assert end_in(shown) == (None if seconds is None else For(seconds))
