"""Every message at its longest and most hostile: Slack takes it, and nobody is called by it who should not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import replies
from messages.alerts import alert_message
from messages.cards import Frame, card
from messages.details import details
from messages.form import Begun, Limits, at_a_field, form, not_one_of, not_opened, runs_elsewhere, runs_here
from messages.help import help_text, unknown_command, usage
from messages.links import links as link_message
from messages.links import membership_unknown
from messages.listing import listing, nothing_there
from messages.story import line_message
from messages.taking import not_shown, on_it_already
from messages.text import Message
from messages.words import ENDED, FAILED, RECOVERED, WARNING
from recordings.details import Details
from recordings.errors import SlackRefused
from recordings.history import Cursor, Page
from recordings.links import Link, Links
from recordings.model import Alert, AlertKind, Delivered, Delivery, Part, Reason, Recorder, Recording, State
from recordings.options import Layout, Media, Options, Resolution
from recordings.story import Happening, Line
from recordings.taking import Taken
from recordings.told import Gap, Told
from simulator.slack.blocks import view_problems, view_too_large
from tests.fakes.hostile import (
    CHANNEL,
    PEOPLE,
    agora_names,
    anything,
    assert_slack_takes,
    links,
    people,
    recorders,
    recordings,
)
from tests.fakes.rows import NOW, a_recorder, over
from tests.fakes.slack_rules import check_view

ALERTS = [
    (kind, reason)
    for kind, words in (
        (AlertKind.FAILED, FAILED),
        (AlertKind.WARNING, WARNING),
        (AlertKind.RECOVERED, RECOVERED),
        (AlertKind.ENDED, ENDED),
    )
    for reason in words
] + [(AlertKind.FILES, None)]
failures = st.sampled_from(sorted(FAILED)).flatmap(lambda reason: recordings(state=State.FAILED, reason=reason))
ends = st.sampled_from(sorted(ENDED)).flatmap(lambda reason: recordings(state=State.ENDED, reason=reason))
unfinished = st.sampled_from(sorted(set(State) - {State.ENDED, State.FAILED})).flatmap(
    lambda state: recordings(state=state)
)
any_recording = st.one_of(failures, ends, unfinished)


@given(any_recording, anything)
def test_a_card(recording: Recording, folder: str) -> None:
    message = card(recording, Frame(14_400, lambda _: folder))

    assert_slack_takes(message)
    assert message.metadata["event_type"] == "recording_card"


@given(any_recording, st.sampled_from(ALERTS), anything, st.booleans())
def test_an_alert(recording: Recording, what: tuple[AlertKind, Reason | None], folder: str, direct: bool) -> None:
    kind, reason = what
    alert = Alert(kind=kind, reason=reason, cause="x" * 128, recording=recording, raised_at=NOW)
    message = alert_message(alert, folder, direct=direct)

    assert_slack_takes(message)
    assert_slack_takes(alert_message(alert, folder, direct=direct, taken=Taken(PEOPLE[0], NOW)))
    assert message.metadata["event_type"] == kind
    assert message.metadata["event_payload"].get("reason") == (reason or recording.reason)


@given(st.sampled_from(Happening), people, anything)
def test_a_line_of_what_happened(what: Happening, who: str, detail: str) -> None:
    said = Line(recording_id="rec1", slack_channel=CHANNEL, at=NOW, what=what, who=who, moment=NOW, detail=detail)

    assert_slack_takes(line_message(said))


WORST = "&" * 4000
LONGEST = over(
    agora_channel="&" * 64,
    slack_channel=CHANNEL,
    started_by=PEOPLE[0],
    stop_wanted_by=PEOPLE[1],
    state=State.FAILED,
    reason=Reason.LOST,
    detail=WORST,
    files=(WORST,) * 60,
    unwatched_from=NOW,
    unwatched_to=NOW,
    files_awaited=True,
)


@pytest.mark.parametrize("state", Delivered)
@pytest.mark.parametrize("parts", [0, 60])
def test_a_card_and_an_alert_at_their_longest(state: Delivered, parts: int) -> None:
    many = (WORST,) * 60
    delivery = Delivery(state=state, playlists=many, seconds=1e9, size=10**15, missing=many, empty=many)
    if state is Delivered.UNVERIFIED:
        delivery = replace(delivery, code=WORST)
    recording = replace(LONGEST, delivery=replace(delivery, parts=(Part(key=WORST, size=10**15),) * parts))

    assert_slack_takes(card(recording, Frame(14_400, lambda _: WORST)))
    for kind, reason in ALERTS:
        alert = Alert(kind=kind, reason=reason, cause="x", recording=recording, raised_at=NOW)
        assert_slack_takes(alert_message(alert, WORST, direct=True))
        assert_slack_takes(alert_message(alert, WORST, taken=Taken(PEOPLE[0], NOW)))
    listed = [replace(recording, id=f"rec{number}", card_ts="1750160520.000100") for number in range(10)]
    assert_slack_takes(listing(Page(listed, Cursor(NOW, "rec9", "&" * 64), True, "&" * 64), "acme"))
    gaps = (Gap(begun_at=NOW, ended_at=NOW),) * 60
    worst = replace(recording, sid=WORST, told=Told(notices=10**6, gaps=gaps))
    message = details(Details(worst, (a_recorder(sid=WORST, resource_id=WORST, moved_uid=2**32),) * 60))
    assert_slack_takes(message)
    assert "earlier recorders" in str(message.blocks[-1])


@given(any_recording, st.lists(recorders, max_size=6))
def test_the_details(recording: Recording, allotted: list[Recorder]) -> None:
    message = details(Details(recording, allotted))

    assert_slack_takes(message)
    for block in message.blocks[1:]:
        if block["type"] == "section":
            assert block["text"]["text"].count("```") == 2, "nothing ends the block before its end"


@given(st.lists(any_recording, max_size=5), st.booleans(), st.booleans(), st.none() | agora_names)
def test_a_page_of_the_list(few: list[Recording], more: bool, first: bool, name: str | None) -> None:
    found = [replace(recording, id=f"rec{n}") for n, recording in enumerate(few * 2)]
    cursor = Cursor(NOW, "rec1", name) if more else None
    message = listing(Page(found, cursor, first, name), "acme")

    assert_slack_takes(message)
    assert cursor is None or not (found or not first) or Cursor.read(str(cursor)) == cursor


@given(anything, people)
def test_a_reply_to_whoever_would_take_an_alert(error: str, person: str) -> None:
    assert_slack_takes(not_shown(SlackRefused(error)))
    assert_slack_takes(on_it_already(Taken(person, NOW)))


@given(any_recording, links)
def test_links_to_the_files(recording: Recording, found: tuple[Link, ...]) -> None:
    message = link_message(Links(recording, found, NOW))
    given = [element["url"] for block in message.blocks[1:] for element in block["elements"]]

    assert_slack_takes(message)
    assert given == [link.url for link in found[: len(given)]], "in their order"
    assert len(given) >= min(len(found), 5)
    left = len(found) - len(given)
    assert (f"{left} more don't fit" in message.text) is (left > 0)


@pytest.mark.parametrize(("parts", "length", "shown"), [(1, 600, 1), (15, 600, 15), (50, 200, 25), (50, 2000, 5)])
def test_as_many_links_as_slack_takes_are_given_and_the_rest_is_counted(parts: int, length: int, shown: int) -> None:
    url = "https://bucket.example/".ljust(length, "x")
    message = link_message(Links(over(), tuple(Link(f"{n}.mp4", 10**9, url) for n in range(parts)), NOW))

    assert_slack_takes(message)
    assert len(message.blocks[1]["elements"]) == shown
    assert (f" {parts - shown} more don't fit" in message.text) is (parts > shown)


def test_a_link_that_is_too_long_for_a_button_is_not_sent() -> None:
    message = link_message(Links(over(), (Link("a.mp4", 1, "https://x/".ljust(3001, "x")),), NOW))

    assert_slack_takes(message)
    assert len(message.blocks) == 1
    assert "1 more don't fit" in message.text


begun = st.builds(
    Begun,
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


@given(begun, st.floats(60, 10**7), st.booleans(), anything)
def test_the_form(begun: Begun, usual: float, tokens: bool, private: str) -> None:
    view = form(begun, Limits(usual, tokens), private[:3000])

    assert json.loads(json.dumps(view)) == view
    assert view_problems(view) == []
    check_view(view)
    assert not view_too_large(view)
    assert "mrkdwn" not in json.dumps(view), "nothing in it is looked through for marks"


def test_the_form_at_its_longest() -> None:
    names = [f"{number:02}".ljust(64, "&") for number in range(50)]
    view = form(Begun("&" * 64, names), Limits(10**7, tokens=True), "x" * 3000)

    check_view(view)
    assert view_problems(view) == []
    assert not view_too_large(view)


@given(anything)
def test_where_the_form_does_not_open(error: str) -> None:
    for code in (error, "expired_trigger_id", "exchanged_trigger_id", f"no_answer: {error}"):
        assert_slack_takes(not_opened(SlackRefused(code)))


@given(agora_names, st.lists(anything, max_size=9))
def test_what_stands_at_a_field(name: str, patterns: list[str]) -> None:
    for said in (runs_here(name), runs_elsewhere(name), not_one_of(name, patterns)):
        assert 0 < len(at_a_field(said)) <= 300
        assert "\n" not in at_a_field(said)


ABOUT_ONE: dict[str, Callable[[Recording], Message]] = {
    "starting": replies.starting,
    "already here": lambda r: replies.already_here(r, "acme"),
    "stopping": lambda r: replies.stopping(r, again=False),
    "stopping again": lambda r: replies.stopping(r, again=True),
    "so already": replies.so_already,
    "no picture": replies.no_picture,
    "over already": lambda r: replies.over_already(r, "acme"),
}


@pytest.mark.parametrize("reply", ABOUT_ONE)
@given(recording=any_recording)
def test_a_reply_about_one_recording(reply: str, recording: Recording) -> None:
    assert_slack_takes(ABOUT_ONE[reply](recording))


@given(any_recording, anything)
def test_the_words_to_invite_the_bot(recording: Recording, bot_name: str) -> None:
    assert_slack_takes(replies.cannot_post(recording, bot_name[:80]))


@given(st.lists(any_recording, max_size=4).map(lambda few: few * 3))
def test_a_status_of_many(found: list[Recording]) -> None:
    message = replies.status(found, "acme")

    assert_slack_takes(message)
    shown = "\n".join(block["text"]["text"] for block in message.blocks)
    assert not shown.endswith("\u2026"), "no line is cut"


@given(st.lists(unfinished, min_size=1, max_size=4).map(lambda few: [*few, *few, *few]))
def test_the_list_to_choose_from(running: list[Recording]) -> None:
    assert_slack_takes(replies.which_one(running))


@given(agora_names)
def test_a_reply_about_a_name(name: str) -> None:
    for message in (replies.already_elsewhere(name), replies.nothing_here(name)):
        assert_slack_takes(message)


@given(anything, st.sampled_from([None, "start"]), people)
def test_a_reply_to_what_nobody_understands(typed: str, nearest: str | None, person: str) -> None:
    assert_slack_takes(unknown_command(typed, nearest))
    assert_slack_takes(usage(typed, "/record start daily"))


@given(anything)
def test_a_reply_where_slack_does_not_tell_who_is_a_member(error: str) -> None:
    assert_slack_takes(membership_unknown(SlackRefused(error)))


@pytest.mark.parametrize(
    "message",
    [
        help_text(),
        replies.nothing_here(""),
        replies.storage_failed("0a1b2c3d"),
        replies.unexpected("0a1b2c3d"),
        replies.nothing_known(),
        nothing_there(),
        replies.status([], "acme"),
    ],
)
def test_what_never_changes(message: Message) -> None:
    assert_slack_takes(message)
