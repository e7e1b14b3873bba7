"""Cards are drawn, alerts delivered and people answered until Slack has it, and never faster than Slack allows."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from engine.dispatcher import Work
from messages.blocks import Message
from messages.cards import CardConfig
from messages.delivery.alerts import AlertWork
from messages.delivery.cards import CardPoster, CardWork
from messages.delivery.limits import SlackLimits
from messages.delivery.replies import ReplyWork
from recordings.errors import SlackBusy, SlackError, SlackRefused
from recordings.lifecycle.actions import Change
from recordings.model.alerts import Alert, AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.outboxes import MemoryOutbox
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecordings
from tests.fakes.rows import FakeClock, a_recording, an_alert, at, changed, over, up
from tests.fakes.slack import FakeSlack, Post

BUSY = SlackBusy("fatal_error")


class Office:
    """A store, a Slack, and an engine of one thread that does whatever is due while time passes."""

    def __init__(self) -> None:
        self.memory = memory = Memory()
        self.clock = FakeClock()
        self.store = MemoryRecordings(memory)
        self.outbox = MemoryOutbox(memory)
        self.epoch = MemoryLease(memory, "engine").hold(self.clock.now(), 1e9) or 0
        self.slack = FakeSlack(self.clock)
        self.pace = SlackLimits()
        card_config = CardConfig(14_400, lambda _: "slack")
        self.poster = CardPoster(self.slack, self.pace, self.clock, card_config)
        self.cards = CardWork(self.store, self.slack, self.pace, self.poster, self.clock, card_config)
        self.alerts = AlertWork(self.outbox, self.slack, self.pace, self.clock, card_config.folder)
        self.replies = ReplyWork(self.store, self.slack, lambda: "recorder", self.clock)

    def has(self, recording: Recording, response_url: str | None = None) -> Recording:
        """A recording, with its card posted where it has one; the card shows the row."""
        assert self.store.add_recording(recording, response_url) is None
        if recording.card_ts is not None:
            ts = self.slack.post(recording.slack_channel, Message("card"))
            self.store.mark_card_drawn(recording.id, 1, ts, self.clock.now(), self.epoch)
        return self.row(recording.id)

    def row(self, recording_id: str = "rec1") -> Recording:
        found = self.store.recording(recording_id)
        assert found is not None
        return found

    def changes(self, recording_id: str = "rec1", *, alerts: tuple[Alert, ...] = (), **facts: object) -> None:
        before = self.row(recording_id)
        after = changed(before, **facts)
        self.store.save(before, Change(after, alerts=alerts), self.epoch, self.clock.now())

    def alert(self, recording: Recording, **facts: object) -> None:
        self.changes(recording.id, alerts=(an_alert(recording, raised_at=self.clock.now(), **facts),))

    def due(self, work: Work) -> list[tuple[str, datetime]]:
        return list(work.due())

    def does(self, *works: Work) -> None:
        """Everything that is due now, once."""
        for work in works:
            for key in [key for key, moment in work.due() if moment <= self.clock.now()]:
                work.run(key, self.epoch)

    def works_for(self, seconds: float, *works: Work) -> None:
        for _ in range(round(seconds * 10)):
            self.does(*works)
            self.clock.passes(0.1)

    @property
    def card(self) -> Post:
        ts = self.row().card_ts
        assert ts is not None
        return self.slack.posts[ts]

    def posted(self, channel: str = "C1") -> list[Post]:
        return [post for post in self.slack.in_channel(channel) if post.message.text != "card"]


@pytest.fixture
def office() -> Office:
    return Office()


# cards


def test_a_changed_row_is_drawn_once(office: Office) -> None:
    office.has(up())
    office.changes(state=State.INTERRUPTED)
    office.works_for(5, office.cards)

    assert "Interrupted" in office.card.message.text
    assert len(office.card.edits) == 1
    assert office.due(office.cards) == []


def test_twenty_changes_in_ten_seconds_make_at_most_five_updates_and_the_last_is_shown(office: Office) -> None:
    office.has(up())
    for number in range(20):
        office.changes(state=[State.INTERRUPTED, State.RECORDING][number % 2])
        office.works_for(0.5, office.cards)
    assert len(office.card.edits) <= 5

    office.works_for(20, office.cards)

    assert "Recording" in office.card.message.text
    assert len(office.card.edits) <= 5


def test_how_it_ended_is_drawn_without_waiting(office: Office) -> None:
    office.has(up())
    for number in range(20):
        office.changes(state=[State.INTERRUPTED, State.RECORDING][number % 2])
        office.works_for(0.2, office.cards)
    office.changes(state=State.FAILED, reason=Reason.LOST)
    office.does(office.cards)

    assert "Failed" in office.card.message.text


def test_sixty_cards_that_change_at_once_stay_below_slacks_fifty_updates_a_minute(office: Office) -> None:
    for number in range(60):
        office.has(up(id=f"r{number}", agora_channel=f"a{number}"))
        office.changes(f"r{number}", state=State.INTERRUPTED)
    office.works_for(59, office.cards)
    assert office.slack.calls.count("update") <= 50

    office.works_for(60, office.cards)
    assert office.slack.calls.count("update") == 60


def test_a_card_that_was_deleted_is_posted_anew_and_goes_on_there(office: Office) -> None:
    office.has(up())
    first = office.card
    first.deleted = True
    office.changes(state=State.INTERRUPTED)
    office.works_for(3, office.cards)

    assert office.card is not first
    assert "Interrupted" in office.card.message.text

    office.changes(state=State.RECORDING)
    office.works_for(5, office.cards)
    assert "Recording" in office.card.message.text
    assert len(office.posted()) == 1


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long"])
def test_a_card_whose_blocks_slack_refuses_is_drawn_as_plain_text(office: Office, error: str) -> None:
    office.has(up())
    office.changes(state=State.INTERRUPTED)
    office.slack.fails(SlackRefused(error))
    office.does(office.cards)

    assert office.card.message.blocks == ()
    assert "Interrupted" in office.card.message.text
    assert office.card.message.metadata["event_type"] == "recording_card"


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "account_inactive"])
def test_a_card_that_slack_refuses_for_good_is_not_tried_in_a_loop(office: Office, error: str) -> None:
    office.has(up())
    office.changes(state=State.INTERRUPTED)
    office.slack.failing = lambda call, where, message: SlackRefused(error)
    office.works_for(60, office.cards)

    assert office.slack.calls.count("update") == 1


def test_a_card_in_a_channel_that_was_archived_tells_the_truth_once_it_is_open_again(office: Office) -> None:
    office.has(up())
    office.slack.failing = lambda call, where, message: SlackRefused("is_archived")
    office.changes(state=State.ENDED, reason=Reason.STOPPED, ended_at=office.clock.now())
    office.works_for(60, office.cards)
    office.slack.failing = lambda call, where, message: None
    office.clock.passes(600)
    office.does(office.cards)

    assert office.card.message.metadata["event_payload"]["state"] == "ended"


def test_a_card_in_a_channel_that_stays_archived_is_left_alone_after_a_day(office: Office) -> None:
    office.has(up())
    office.slack.failing = lambda call, where, message: SlackRefused("is_archived")
    office.changes(state=State.ENDED, reason=Reason.STOPPED, ended_at=office.clock.now())
    for _ in range(200):
        office.does(office.cards)
        office.clock.passes(600)

    assert 100 < office.slack.calls.count("update") < 150
    assert office.due(office.cards) == []


def test_a_card_that_slack_does_not_take_just_now_is_drawn_later_with_growing_waits(office: Office) -> None:
    office.has(up())
    office.changes(state=State.INTERRUPTED)
    office.slack.fails(BUSY, BUSY, BUSY)
    office.works_for(6.5, office.cards)
    assert office.card.edits == []

    office.works_for(2, office.cards)
    assert len(office.card.edits) == 1


def test_a_pause_that_slack_asks_for_holds_every_card(office: Office) -> None:
    for name in ("rec1", "rec2"):
        office.has(up(id=name, agora_channel=name))
        office.changes(name, state=State.INTERRUPTED)
    office.slack.fails(SlackBusy("ratelimited", retry_after=20))
    office.works_for(19.5, office.cards)
    assert office.slack.calls.count("update") == 1

    office.works_for(2, office.cards)
    assert office.slack.calls.count("update") == 3


def test_one_that_was_stopped_before_its_card_was_posted_gets_one_that_says_so(office: Office) -> None:
    office.has(a_recording(stop_by="U2", stop_at=at(1)))
    office.changes(state=State.ENDED, reason=Reason.STOPPED, ended_at=at(1))
    office.works_for(3, office.cards)

    (post,) = office.posted()
    assert "<@U2>" in str(post.message.blocks)


def test_where_the_channel_was_just_posted_in_the_first_card_waits_its_turn(office: Office) -> None:
    office.poster.post_card(a_recording())
    with pytest.raises(SlackBusy) as busy:
        office.poster.post_card(a_recording(id="rec2"))

    assert busy.value.retry_after == pytest.approx(1.05)
    assert office.poster.post_card(a_recording(slack_channel="C2")), "another channel has a limit of its own"


# alerts


def test_an_alert_goes_to_the_cards_thread_and_to_the_channel(office: Office) -> None:
    row = office.has(up())
    office.alert(row)
    office.works_for(3, office.alerts)

    (post,) = office.posted()
    assert (post.thread_ts, post.broadcast) == (row.card_ts, True)
    assert post.message.metadata["event_type"] == "recording_failed"
    assert office.due(office.alerts) == []


def test_that_the_files_are_there_goes_to_the_thread_alone(office: Office) -> None:
    row = office.has(up())
    office.alert(row, kind=AlertKind.FILES, reason=None)
    office.works_for(3, office.alerts)

    assert [post.broadcast for post in office.posted()] == [False]


@pytest.mark.parametrize("kind", sorted(set(AlertKind) - {AlertKind.FILES}))
def test_every_kind_that_needs_a_person_is_also_sent_to_the_channel(office: Office, kind: AlertKind) -> None:
    row = office.has(up())
    reason = {AlertKind.FAILED: Reason.LOST, AlertKind.ENDED: Reason.IDLE}.get(kind, Reason.NOTHING_STORED)
    office.alert(row, kind=kind, reason=reason)
    office.works_for(3, office.alerts)

    assert [post.broadcast for post in office.posted()] == [True]


def test_an_alert_without_a_card_is_a_message_of_its_own(office: Office) -> None:
    row = office.has(up(card_ts=None))
    office.alert(row)
    office.works_for(3, office.alerts)

    (post,) = office.posted()
    assert (post.thread_ts, post.broadcast) == (None, False)


def test_an_alert_is_delivered_however_long_slack_is_away_and_once(office: Office) -> None:
    office.alert(office.has(up()))
    down = office.clock.now() + timedelta(seconds=600)
    office.slack.failing = lambda call, where, message: BUSY if office.clock.now() < down else None
    office.works_for(700, office.alerts)

    (post,) = office.posted()
    assert post.at <= down + timedelta(seconds=31)
    assert office.slack.calls.count("post") < 30, "with growing waits"


def test_a_pause_that_slack_asks_for_is_kept(office: Office) -> None:
    office.alert(office.has(up()))
    office.slack.fails(SlackBusy("ratelimited", retry_after=40))
    office.works_for(60, office.alerts)

    (post,) = office.posted()
    assert post.at >= at(40)


def test_alerts_of_a_channel_come_in_order_also_where_the_first_is_held_up(office: Office) -> None:
    row = office.has(up())
    office.alert(row, kind=AlertKind.WARNING, reason=Reason.NOTHING_STORED, cause="1")
    office.alert(row, kind=AlertKind.RECOVERED, reason=Reason.NOTHING_STORED, cause="1")
    office.alert(row, kind=AlertKind.FAILED, reason=Reason.LOST, cause="2")
    office.slack.fails(BUSY)
    office.works_for(20, office.alerts)

    kinds = [post.message.metadata["event_type"] for post in office.posted()]
    assert kinds == ["recording_warning", "recording_recovered", "recording_failed"]


def test_one_channel_that_is_held_up_does_not_hold_up_another(office: Office) -> None:
    for channel in ("C1", "C2"):
        office.alert(office.has(up(id=channel, agora_channel=channel, slack_channel=channel)))
    office.slack.failing = lambda call, where, message: BUSY if where == "C1" else None
    office.works_for(5, office.alerts)

    assert (len(office.posted("C1")), len(office.posted("C2"))) == (0, 1)


def test_in_a_channel_there_is_at_most_one_post_a_second(office: Office) -> None:
    for number in range(6):
        row = office.has(up(id=f"r{number}", agora_channel=f"a{number}"))
        office.alert(row)
    office.works_for(20, office.alerts)

    moments = [post.at for post in office.posted()]
    assert len(moments) == 6
    assert min(b - a for a, b in pairwise(moments)) >= timedelta(seconds=1)


def test_an_alert_whose_blocks_slack_refuses_is_sent_as_plain_text_in_the_same_place(office: Office) -> None:
    row = office.has(up())
    office.alert(row)
    office.slack.fails(SlackRefused("invalid_blocks"))
    office.works_for(2, office.alerts)

    (post,) = office.posted()
    assert post.message.blocks == ()
    assert "daily" in post.message.text
    assert (post.thread_ts, post.broadcast) == (row.card_ts, True)


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action"])
def test_what_the_channel_takes_no_more_goes_to_whoever_started_it(office: Office, error: str) -> None:
    office.alert(office.has(up()))
    office.slack.failing = lambda call, where, message: SlackRefused(error) if where == "C1" else None
    office.works_for(5, office.alerts)

    (post,) = office.posted("D-U1")
    assert "<#C1>" in str(post.message.blocks)
    assert office.due(office.alerts) == []


def test_what_nobody_can_be_told_does_not_hold_up_what_follows(office: Office) -> None:
    row = office.has(up())
    office.alert(row, cause="1")
    office.alert(row, cause="2")
    refused = Counter[str]()

    def refuse(call: str, where: str, message: Message | None) -> SlackError | None:
        refused[where] += 1
        return SlackRefused("account_inactive") if refused[where] <= 1 else None

    office.slack.failing = refuse
    office.works_for(10, office.alerts)

    assert len(office.posted()) == 1


# answers where no card could be posted


def undeliverable(office: Office) -> None:
    office.has(a_recording(), "https://hooks.example/secret")
    office.changes(state=State.FAILED, reason=Reason.UNDELIVERABLE, detail="not_in_channel")


def test_where_the_bot_cannot_post_the_person_reads_the_words_to_invite_it(office: Office) -> None:
    undeliverable(office)
    office.works_for(2, office.replies)

    ((url, message),) = office.slack.answers
    assert url == "https://hooks.example/secret"
    assert "`/invite @recorder`" in message.text
    assert "`/record start daily`" in message.text
    assert office.due(office.replies) == []


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("channel_not_found", "/invite @recorder"),
        ("is_archived", "archived"),
        ("missing_scope (needed: chat:write)", "missing_scope"),
        ("restricted_action", "person who set me up"),
    ],
)
def test_the_answer_fits_the_cause(office: Office, detail: str, words: str) -> None:
    undeliverable(office)
    office.changes(detail=detail)
    office.works_for(1, office.replies)

    assert words in office.slack.answers[0][1].text


def test_an_answer_that_slack_does_not_take_just_now_is_given_later(office: Office) -> None:
    undeliverable(office)
    office.slack.fails(BUSY, BUSY)
    office.works_for(10, office.replies)

    assert len(office.slack.answers) == 1


def test_where_the_way_to_answer_is_closed_the_person_is_told_directly(office: Office) -> None:
    undeliverable(office)
    office.slack.failing = lambda call, where, message: SlackRefused("http_404") if call == "answer" else None
    office.works_for(10, office.replies)

    (post,) = office.posted("D-U1")
    assert "/invite @recorder" in post.message.text
    assert office.slack.calls.count("answer") == 1


def test_a_recording_that_failed_for_another_reason_needs_no_such_answer(office: Office) -> None:
    office.has(over(state=State.FAILED, reason=Reason.LOST), "https://hooks.example/secret")
    office.works_for(2, office.replies)

    assert office.slack.answers == []
