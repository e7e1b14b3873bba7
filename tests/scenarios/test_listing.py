"""`/record list`: the recordings of this channel, newest first, ten a page, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import Message
from tests.fakes.rows import a_delivery, over
from tests.scenarios.conftest import a_bucket
from tests.scenarios.stack import Stack, words

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def store_recordings(stack: Stack, count: int, channel: str = "daily") -> None:
    """Stores so many recordings of long ago with their cards; the bot has to be running, and leading."""
    slack_channel = stack.slack.workspace.channel(channel).id
    epoch = stack.bot.leadership.epoch()
    assert epoch is not None
    for number in range(count):
        requested_at = LONG_AGO + timedelta(hours=number)
        recording = over(
            id=f"{channel}{number:02}",
            agora_channel=f"{channel}-call{number:02}",
            slack_channel=slack_channel,
            requested_at=requested_at,
            started_at=requested_at,
            ended_at=requested_at + timedelta(minutes=30),
            delivery=a_delivery(800_000_000),
        )
        stack.repositories.recordings.add_recording(recording, None)
        stack.repositories.recordings.mark_card_drawn(recording.id, 1, recording.card_ts, requested_at, epoch)


def names(page: Message) -> list[str]:
    return [line.split("*")[1] for line in page.said.splitlines() if line.startswith("✅ *")]


def listed(stack: Stack, text: str = "list", *, by: str = "ana", channel: str = "daily") -> Message:
    """The page that somebody reads in answer."""
    interaction = stack.command(text, by=by, channel=channel)
    assert words(interaction)
    assert interaction.reply is not None
    return interaction.reply


def turn_page(stack: Stack, page: Message, *, stale: bool = False) -> None:
    """Ana presses Show older, and the next page takes the place of this one."""
    before = len(page.edits)
    pressed = stack.press(page, "list_next", by="ana", stale=stale)
    stack.wait_for(lambda: len(page.edits) > before, what="the next page")
    assert pressed.answers == [], "it takes the place of the page before"


def numbered(*numbers: int) -> list[str]:
    return [f"daily-call{number:02}" for number in numbers]


def test_23_recordings_are_three_pages_although_another_starts_and_the_bot_restarts(stack_on_sql: Stack) -> None:
    stack = stack_on_sql.start()
    stack.run_for(1)
    store_recordings(stack, 23)
    store_recordings(stack, 3, channel="general")
    page = listed(stack)
    assert names(page) == numbered(*range(22, 12, -1))
    assert "1 file, 800 MB" in page.said
    assert "1 h 5 min" in page.said, "the length of the file, not of the time in the call"
    assert "<!date^" in page.said
    assert page.ephemeral_to == stack.slack.person("ana").id
    stack.recording("new")
    stack.restart()
    turn_page(stack, page)
    assert names(page) == numbered(*range(12, 2, -1))
    turn_page(stack, page)
    assert names(page) == numbered(2, 1, 0)
    assert "list_next" not in page.elements
    turn_page(stack, page, stale=True)
    assert names(page) == numbered(2, 1, 0), "a press on an old screen shows the page behind that one"
    assert "🔴 *new*" in listed(stack).said
    assert stack.slack.messages("general") == []


def test_a_list_has_the_recordings_of_its_own_channel_or_of_one_name(stack_on_sql: Stack) -> None:
    stack = stack_on_sql.start()
    stack.run_for(1)
    store_recordings(stack, 12)
    store_recordings(stack, 2, channel="general")
    assert names(listed(stack, "list daily-call03")) == ["daily-call03"]
    assert names(listed(stack, by="gus", channel="general")) == ["general-call01", "general-call00"]
    for text in ("list general-call01", "list nowhere"):
        assert "I couldn't find" in listed(stack, text).said
    stack.room("quiet")
    assert "No recordings in this channel yet" in listed(stack, channel="quiet").said


def test_a_press_on_next_delivered_twice_shows_the_same_page(stack: Stack) -> None:
    stack.start()
    stack.run_for(1)
    store_recordings(stack, 23)
    page = listed(stack)
    pressed = stack.press(page, "list_next", by="ana")
    pressed.repeat()
    stack.wait_for(lambda: len(page.edits) == 2, what="both answers")
    assert names(page) == numbered(*range(12, 2, -1))


class TestFiles:
    @pytest.fixture
    def bucket(self, clock: ManualClock) -> BucketSimulator:
        return a_bucket(clock)

    def test_the_list_gives_links_to_the_files(self, stack: Stack, bucket: BucketSimulator) -> None:
        stack.start()
        stack.recording()
        stack.command("stop")
        stack.wait_for(lambda: "get_links" in stack.cards()[-1].elements, what="the files")
        page = listed(stack)
        assert "1 file" in page.said
        assert f"Stopped by {stack.slack.person('ana').mention}" in page.said
        pressed = stack.press(page, "get_links", by="ana")
        (answer,) = stack.wait_for(lambda: pressed.answers, what="links")
        elements = [element for block in answer.blocks for element in block.get("elements", [])]
        (link,) = [element["url"] for element in elements if "url" in element]
        (file,) = [key for key in bucket.keys("") if key.endswith(".mp4")]
        assert link == f"https://bucket.invalid/{file}?expires=3600"
        assert page.edits == [], "the list stays"
