"""Every message with its longest and most hostile content: Slack accepts it, and it mentions nobody by accident."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from messages import replies
from messages.alert_copy import ALERTS
from messages.alerts import alert_message
from messages.blocks import Message
from messages.cards import card
from messages.config import MessageConfig
from messages.details import details
from messages.form import (
    FormDefaults,
    Limits,
    already_recorded_elsewhere,
    already_recorded_here,
    field_error,
    form,
    not_one_of,
    not_opened,
)
from messages.help import help_text, unknown_command, usage
from messages.links import links as link_message
from messages.links import membership_unknown
from messages.listing import list_expired, listing
from messages.replies import alert_not_edited, already_acknowledged
from messages.timeline import timeline_message
from recordings.errors import SlackRefused
from recordings.model.alerts import Acknowledgement, Alert, AlertKind
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.listing import Cursor, Page
from recordings.model.options import Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap, Reported
from recordings.model.timeline import TimelineEntry, TimelineEvent
from recordings.service.details import Details
from recordings.service.links import Link, Links
from simulator.slack.blocks import view_problems, view_too_large
from tests.fakes.hostile import (
    CHANNEL,
    PEOPLE,
    agora_names,
    anything,
    assert_slack_takes,
    formatted_texts,
    links,
    people,
    recorders,
    recordings,
)
from tests.fakes.rows import NOW, a_recorder, over
from tests.fakes.slack import MESSAGE_CONFIG
from tests.fakes.slack_rules import check_view


def reasons_of(kind: AlertKind) -> list[Reason]:
    return sorted(reason for of_kind, reason in ALERTS if of_kind is kind and reason is not None)


failures = st.sampled_from(reasons_of(AlertKind.FAILED)).flatmap(
    lambda reason: recordings(state=State.FAILED, reason=reason)
)
ends = st.sampled_from(reasons_of(AlertKind.ENDED)).flatmap(lambda reason: recordings(state=State.ENDED, reason=reason))
unfinished = st.sampled_from(sorted(set(State) - {State.ENDED, State.FAILED})).flatmap(
    lambda state: recordings(state=state)
)
any_recording = st.one_of(failures, ends, unfinished)


CONTACT = MESSAGE_CONFIG.support_contact


def stored_in(folder: str) -> MessageConfig:
    return replace(MESSAGE_CONFIG, folder=lambda _: folder)


@given(any_recording, anything)
def test_a_card(recording: Recording, folder: str) -> None:
    message = card(recording, stored_in(folder), NOW)

    assert_slack_takes(message)
    assert message.metadata["event_type"] == "recording_card"


@given(any_recording, st.sampled_from(sorted(ALERTS, key=str)), anything, st.booleans())
def test_an_alert(recording: Recording, what: tuple[AlertKind, Reason | None], folder: str, direct: bool) -> None:
    kind, reason = what
    alert = Alert(kind=kind, reason=reason, cause="x" * 128, recording=recording, raised_at=NOW)
    config, acknowledgement = stored_in(folder), Acknowledgement(PEOPLE[0], NOW)
    message = alert_message(alert, config, direct=direct)

    assert_slack_takes(message)
    assert_slack_takes(alert_message(alert, config, direct=direct, acknowledgement=acknowledgement))
    resolved = alert_message(alert, config, direct=direct, acknowledgement=acknowledgement, resolved_at=NOW)
    assert_slack_takes(resolved)
    assert resolved.metadata == message.metadata
    assert message.metadata["event_type"] == kind
    assert message.metadata["event_payload"].get("reason") == (reason or recording.reason)


@given(st.sampled_from(TimelineEvent), people, anything)
def test_a_timeline_entry(what: TimelineEvent, who: str, detail: str) -> None:
    entry = TimelineEntry(
        recording_id="rec1", slack_channel=CHANNEL, at=NOW, what=what, who=who, moment=NOW, detail=detail
    )

    assert_slack_takes(timeline_message(entry))


WORST = "&" * 4000
LONGEST = over(
    agora_channel="&" * 64,
    slack_channel=CHANNEL,
    started_by=PEOPLE[0],
    stop_by=PEOPLE[1],
    state=State.FAILED,
    reason=Reason.LOST,
    detail=WORST,
    files=(WORST,) * 60,
    unwatched_from=NOW,
    unwatched_to=NOW,
    files_awaited=True,
)


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("files", [0, 60])
def test_cards_alerts_lists_and_details_at_their_longest(state: DeliveryState, files: int) -> None:
    many = (WORST,) * 60
    delivery = Delivery(state=state, playlists=many, seconds=1e9, size=10**15, missing=many, empty=many)
    if state is DeliveryState.UNVERIFIED:
        delivery = replace(delivery, code=WORST)
    recording = replace(LONGEST, delivery=replace(delivery, media_files=(MediaFile(key=WORST, size=10**15),) * files))

    config = stored_in(WORST)
    assert_slack_takes(card(recording, config, NOW))
    for kind, reason in ALERTS:
        alert = Alert(kind=kind, reason=reason, cause="x", recording=recording, raised_at=NOW)
        assert_slack_takes(alert_message(alert, config, direct=True))
        assert_slack_takes(alert_message(alert, config, acknowledgement=Acknowledgement(PEOPLE[0], NOW)))
    listed = [replace(recording, id=f"rec{number}", card_ts="1750160520.000100") for number in range(10)]
    assert_slack_takes(listing(Page(listed, Cursor(NOW, "rec9", "&" * 64), True, "&" * 64), "acme"))
    gaps = (Gap(begun_at=NOW, ended_at=NOW),) * 60
    worst = replace(recording, sid=WORST, reported=Reported(notifications=10**6, gaps=gaps))
    message = details(Details(worst, (a_recorder(sid=WORST, resource_id=WORST, moved_uid=2**32),) * 60))
    assert_slack_takes(message)
    assert "earlier recorders" in str(message.blocks[-1])


@given(any_recording, st.lists(recorders, max_size=4))
def test_the_details(recording: Recording, allocated: list[Recorder]) -> None:
    message = details(Details(recording, allocated))

    assert_slack_takes(message)
    for block in message.blocks[1:]:
        if block["type"] == "section":
            assert block["text"]["text"].count("```") == 2, "no content ends the code block"


@given(st.lists(any_recording, max_size=3), st.booleans(), st.booleans(), st.none() | agora_names)
def test_a_page_of_the_list(few: list[Recording], more: bool, first: bool, name: str | None) -> None:
    listed = [replace(recording, id=f"rec{n}") for n, recording in enumerate(few * 4)]
    cursor = Cursor(NOW, "rec1", name) if more else None
    message = listing(Page(listed, cursor, first, name), "acme")

    assert_slack_takes(message)
    assert cursor is None or not (listed or not first) or Cursor.read(str(cursor)) == cursor


@given(anything, people)
def test_a_reply_to_an_acknowledgement(error: str, person: str) -> None:
    assert_slack_takes(alert_not_edited(SlackRefused(error)))
    assert_slack_takes(already_acknowledged(Acknowledgement(person, NOW)))


@given(any_recording, links)
def test_links_to_the_files(recording: Recording, files: tuple[Link, ...]) -> None:
    message = link_message(Links(recording, files, NOW), CONTACT)
    urls = [element["url"] for block in message.blocks[1:] for element in block["elements"]]

    assert_slack_takes(message)
    assert urls == [link.url for link in files[: len(urls)]], "in their order"
    assert len(urls) >= min(len(files), 5)
    left = len(files) - len(urls)
    assert (f"{left} more don't fit" in message.text) is (left > 0)


@pytest.mark.parametrize(("files", "length", "shown"), [(1, 600, 1), (15, 600, 15), (50, 200, 25), (50, 2000, 5)])
def test_links_that_do_not_fit_are_counted(files: int, length: int, shown: int) -> None:
    url = "https://bucket.example/".ljust(length, "x")
    message = link_message(Links(over(), tuple(Link(f"{n}.mp4", 10**9, url) for n in range(files)), NOW), CONTACT)

    assert_slack_takes(message)
    assert len(message.blocks[1]["elements"]) == shown
    assert (f" {files - shown} more don't fit" in message.text) is (files > shown)


def test_a_link_that_is_too_long_for_a_button_is_left_out() -> None:
    message = link_message(Links(over(), (Link("a.mp4", 1, "https://x/".ljust(3001, "x")),), NOW), CONTACT)

    assert_slack_takes(message)
    assert len(message.blocks) == 1
    assert "1 more don't fit" in message.text


form_defaults = st.builds(
    FormDefaults,
    channel=st.just("") | agora_names,
    recent=st.lists(agora_names, max_size=50, unique=True),
    options=st.builds(
        Options,
        media=st.sampled_from(Media),
        layout=st.sampled_from(Layout),
        resolution=st.sampled_from(Resolution),
        lasts=st.none() | st.floats(60, 82_800),
    ),
)


@given(form_defaults, st.floats(60, 10**7), anything)
def test_the_form(defaults: FormDefaults, default_duration: float, private: str) -> None:
    view = form(defaults, Limits(default_duration), private[:3000])

    assert json.loads(json.dumps(view)) == view
    assert view_problems(view) == []
    check_view(view)
    assert not view_too_large(view)
    assert list(formatted_texts(view)) == [], "every text is plain"


def test_the_form_at_its_longest() -> None:
    names = [f"{number:02}".ljust(64, "&") for number in range(50)]
    view = form(FormDefaults("&" * 64, names), Limits(10**7), "x" * 3000)

    check_view(view)
    assert view_problems(view) == []
    assert not view_too_large(view)


@given(anything)
def test_a_reply_about_a_form_that_does_not_open(error: str) -> None:
    for code in (error, "expired_trigger_id", "exchanged_trigger_id", f"no_answer: {error}"):
        assert_slack_takes(not_opened(SlackRefused(code)))


@given(agora_names, st.lists(anything, max_size=9))
def test_an_error_at_a_field(name: str, patterns: list[str]) -> None:
    for error in (already_recorded_here(name), already_recorded_elsewhere(name), not_one_of(name, patterns)):
        assert 0 < len(field_error(error)) <= 300
        assert "\n" not in field_error(error)


ABOUT_ONE: dict[str, Callable[[Recording], Message]] = {
    "starting": replies.starting,
    "already here": lambda r: replies.already_here(r, "acme", MESSAGE_CONFIG, other_end=True, other_options=True),
    "stopping": lambda r: replies.stopping(r, already_requested=False),
    "stopping again": lambda r: replies.stopping(r, already_requested=True),
    "layout already chosen": replies.layout_already_chosen,
    "no picture": replies.no_picture,
    "already over": lambda r: replies.already_over(r, "acme"),
}


@given(any_recording)
def test_replies_about_one_recording(recording: Recording) -> None:
    for name, reply in ABOUT_ONE.items():
        note(name)
        assert_slack_takes(reply(recording))


@given(any_recording, anything)
def test_the_reply_about_a_channel_that_the_bot_cannot_post_in(recording: Recording, bot_name: str) -> None:
    assert_slack_takes(replies.cannot_post(recording, bot_name[:80]))


@given(st.lists(any_recording, max_size=2).map(lambda few: few * 6))
def test_a_status_of_many(recordings: list[Recording]) -> None:
    message = replies.status(recordings, "acme", MESSAGE_CONFIG)

    assert_slack_takes(message)
    shown = "\n".join(block["text"]["text"] for block in message.blocks)
    assert not shown.endswith("\u2026"), "no line is cut"


@given(st.lists(unfinished, min_size=1, max_size=2).map(lambda few: few * 6))
def test_the_list_of_recordings_to_stop(running: list[Recording]) -> None:
    assert_slack_takes(replies.choose_recording(running))


@given(agora_names)
def test_a_reply_about_a_name(name: str) -> None:
    for message in (replies.already_elsewhere(name), replies.nothing_recorded(name)):
        assert_slack_takes(message)


@given(anything, st.sampled_from([None, "start"]), people)
def test_a_reply_to_a_mistyped_command(typed: str, nearest: str | None, person: str) -> None:
    assert_slack_takes(unknown_command(typed, nearest, MESSAGE_CONFIG))
    assert_slack_takes(usage(typed, "/record start daily"))


@given(anything)
def test_a_reply_about_an_unknown_membership(error: str) -> None:
    assert_slack_takes(membership_unknown(SlackRefused(error), CONTACT))


def test_messages_without_content_of_others() -> None:
    for message in (
        help_text(MESSAGE_CONFIG),
        replies.nothing_recorded(""),
        replies.storage_failed("0a1b2c3d"),
        replies.unexpected("0a1b2c3d"),
        replies.recording_unknown(),
        list_expired(),
        replies.status([], "acme", MESSAGE_CONFIG),
    ):
        assert_slack_takes(message)
