"""A line for each thing that happened: in the thread alone, in order, after the alerts, until Slack has it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from messages.delivery.timeline import TimelineDelivery
from messages.timeline import line_message
from recordings.errors import SlackBusy, SlackRefused
from recordings.model.options import Layout
from recordings.model.timeline import TimelineEntry, TimelineEvent
from tests.fakes.intents import set_end
from tests.fakes.outboxes import MemoryTimeline
from tests.fakes.rows import NOW, at, up
from tests.unit.messages.test_notifier import BUSY, Office


class Storied(Office):
    """An office in which a recording with a card is up."""

    def __init__(self) -> None:
        super().__init__()
        self.timeline = MemoryTimeline(self.memory)
        self.lines = TimelineDelivery(self.timeline, self.slack, self.pace, self.clock)
        self.recording = self.has(up(card_ts="1.1"))
        self.clock.passes(5)

    def extended(self, minutes: float = 30) -> None:
        set_end(self.store, "rec1", "U2", self.clock.now(), lambda _: at(minutes * 60))

    def words(self) -> list[str]:
        return [post.message.text for post in self.posted()]


@pytest.fixture
def office() -> Storied:
    return Storied()


def test_a_line_stands_in_the_thread_and_not_in_the_channel(office: Storied) -> None:
    office.extended()
    office.does(office.lines)

    (post,) = office.posted()
    assert (post.thread_ts, post.broadcast) == (office.row().card_ts, False)
    assert "<@U2> extended it to <!date^" in post.message.text
    assert post.message.metadata == {}, "it needs nobody's attention"
    assert office.due(office.lines) == []


def test_lines_come_in_order_and_no_faster_than_slack_allows(office: Storied) -> None:
    for minutes in (30, 60, 90):
        office.extended(minutes)
    office.works_for(5, office.lines)

    posts = office.posted()
    assert len(posts) == 3
    assert all(str(int(at(60 * 30 * (n + 1)).timestamp())) in post.message.text for n, post in enumerate(posts))
    assert all((two.at - one.at).total_seconds() >= 1 for one, two in pairwise(posts))


def test_an_alert_goes_before_a_line_that_came_first(office: Storied) -> None:
    office.extended()
    office.alert(office.row())
    office.works_for(5, office.lines, office.alerts)

    assert [bool(post.message.metadata) for post in office.posted()] == [True, False]


def test_a_line_that_slack_can_t_take_now_is_tried_again(office: Storied) -> None:
    office.extended()
    office.slack.fails(BUSY, SlackBusy("ratelimited", retry_after=7))
    office.works_for(20, office.lines)

    (post,) = office.posted()
    assert (post.at - NOW).total_seconds() >= 5 + 7


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "thread_not_found", "invalid_blocks"])
def test_a_line_that_slack_will_never_take_is_left_at_that(office: Storied, error: str) -> None:
    office.extended()
    office.slack.fails(SlackRefused(error))
    office.works_for(5, office.lines)

    assert office.posted() == []
    assert office.due(office.lines) == []


def test_without_a_card_there_is_no_thread_and_so_no_line(office: Storied) -> None:
    office.has(up(id="rec2", agora_channel="other", slack_channel="C2", card_ts=None))
    set_end(office.store, "rec2", "U2", office.clock.now(), lambda _: at(60))
    office.does(office.lines)

    assert office.posted("C2") == []
    assert office.due(office.lines) == []


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (TimelineEvent.EXTENDED, "⏱️ <@U2> extended it to "),
        (TimelineEvent.LAYOUT, "🖼️ <@U2> chose the layout speaker."),
        (
            TimelineEvent.LAYOUT_REFUSED,
            "🖼️ Agora refused the layout speaker, which <@U2> chose; it is recorded as before. ",
        ),
        (TimelineEvent.MOVED, "🔁 Agora moved the recorder to another server at "),
        (TimelineEvent.FOUND_AGAIN, "🔁 Agora did not find the recorder from "),
    ],
)
def test_each_line_is_one_sentence_that_says_what_happened(what: TimelineEvent, says: str) -> None:
    facts = {"who": "U2", "moment": at(-60), "layout": Layout.SPEAKER, "detail": "invalid\nparameter"}
    line = TimelineEntry(recording_id="rec1", slack_channel="C1", at=NOW, what=what, **facts)  # type: ignore[arg-type]
    message = line_message(line)

    assert message.text.startswith(says)
    assert message.text.count("\n") == 0
    assert message.blocks[0]["elements"][0]["text"] == message.text
