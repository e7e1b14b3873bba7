"""Length, size and count that people read are those of the files that they can open; the rest is stated with its span.

Texts of other test modules may change; these scenarios compare with what the files contain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from messages.blocks import about
from recordings.model.delivery import Footage
from recordings.model.playlists import StoredFile
from simulator.agora import Timing
from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import Message
from tests.scenarios.adapters import InProcessBucket
from tests.scenarios.conftest import NOTIFYING, a_bucket
from tests.scenarios.stack import InMemory, Stack, words
from tests.unit.simulator.media_player import play


@pytest.fixture
def bucket(clock: ManualClock) -> BucketSimulator:
    return a_bucket(clock)


def stopped(stack: Stack) -> Message:
    """Ben stops it; the message that says that the files are there."""
    stack.command("stop", by="ben")
    return stack.wait_alert("recording_files", "stopped", timeout=1800)


def places(stack: Stack, ready: Message) -> list[str]:
    """Where people read how long the recording is: message, card, list, and the private answer with the links."""
    card = stack.wait_card("ended", reason="stopped")
    links = stack.answer(stack.press(card, "get_links"))
    return [ready.said, card.said, words(stack.command("list")), links]


def lasts(bucket: BucketSimulator) -> list[timedelta]:
    """What a player finds in each MP4 file, in order."""
    files = [key for key in bucket.keys("") if key.endswith(".mp4")]
    return [timedelta(seconds=play(bucket.get(key)).seconds) for key in files]


def check_span(footage: Footage) -> None:
    """The times in the names of the segments fit their lengths: nobody was silent in between."""
    assert footage.begun_at is not None
    assert footage.ended_at is not None
    assert footage.length is not None
    assert abs(footage.ended_at - footage.begun_at - footage.length) < timedelta(seconds=0.5)


@pytest.mark.parametrize("agora_options", [{"real_media": True}])
def test_the_length_of_a_part_that_is_in_no_file_is_not_counted(stack: Stack, bucket: BucketSimulator) -> None:
    """As in the demo: the first recorder dies, so its part is in streaming segments alone."""
    stack.start()
    stack.recording()
    stack.run_for(40)
    stack.agora.kill("daily")
    stack.wait_alert("recording_warning", "lost")
    stack.wait_red()
    stack.run_for(220)
    ready = stopped(stack)
    (played,) = lasts(bucket)
    delivery = stack.row().delivery
    assert delivery is not None
    assert delivery.length is not None
    assert abs(delivery.length - played) < timedelta(seconds=0.5)
    assert timedelta(seconds=delivery.seconds) > played + timedelta(seconds=30)
    message, card, listed, links = places(stack, ready)
    for text in (message, card, listed, links):
        assert about(timedelta(seconds=delivery.seconds)) not in text, "nobody can open so much"
    for text in (message, card):
        assert about(played) in text
        assert "1 file" in text
        assert "⚠️ The first minute (" in text
        assert "isn't in the file. It's saved as streaming segments; your recording admin can recover it." in text
    assert about(played) in links
    assert "isn't in the file" in links


@dataclass(slots=True)
class IncompleteBucket(InProcessBucket):
    """Some files never arrive."""

    absent: Callable[[str], bool] = bool

    def list(self, prefix: str) -> Sequence[StoredFile]:
        return [file for file in InProcessBucket.list(self, prefix) if not self.absent(file.key)]


def test_what_a_moved_recorder_left_without_a_file_is_stated(stack: Stack, bucket: BucketSimulator) -> None:
    """Agora named the MP4 file of the first server before the move, and that server never made it."""
    stack.bucket = IncompleteBucket(
        bucket, stack.clock, absent=lambda key: key.endswith(".mp4") and "/bak0_" not in key
    )
    stack.start()
    stack.recording()
    stack.run_for(180)
    stack.agora.move("daily", 45)
    stack.wait_card("interrupted")
    stack.wait_red()
    stack.run_for(120)
    stack.command("stop", by="ben")
    warning = stack.wait_alert("recording_warning", "not_delivered", timeout=1800)
    delivery = stack.row().delivery
    assert delivery is not None
    first, second = delivery.footage
    check_span(first)
    check_span(second)
    assert delivery.length == second.length
    assert first.ended_at is not None
    assert second.begun_at is not None
    assert first.ended_at <= second.begun_at
    _, card, listed, links = places(stack, warning)
    for text in (card, links):
        assert "⚠️ The first 4 minutes (" in text
        assert "aren't in the file. They're saved as streaming segments" in text
        assert about(delivery.length or timedelta()) in text
    assert "1 file" in listed


@pytest.mark.parametrize("agora_options", [{"timing": Timing(mp4_length=150), "real_media": True}])
def test_the_files_of_a_long_call_are_counted_together(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start()
    stack.recording()
    stack.wait_agora(lambda agora: agora.recorder("daily").seconds > 350)
    ready = stopped(stack)
    played = sum(lasts(bucket), timedelta())
    message, card, listed, links = places(stack, ready)
    for text in (message, card):
        assert about(played) in text
        assert "3 files" in text
        assert "⚠️" not in text
    assert "3 files" in listed
    assert "Parts 1\u20133 · " in links, "nothing says when Agora began the second file"
    assert about(played) in links


def test_a_lost_part_of_which_nothing_arrived_is_stated(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start()
    stack.recording()
    first = stack.agora.recorder("daily")
    stack.run_for(200)
    stack.agora.kill("daily")
    stack.wait_alert("recording_warning", "lost")
    stack.wait_red()
    for key in bucket.keys(""):
        if first.sid in key:
            bucket.delete(key)
    ready = stopped(stack)
    for text in places(stack, ready)[:2]:
        assert "⚠️ The first 4 minutes (" in text
        assert "weren't saved." in text
        assert "streaming segments" not in text


def test_a_recording_of_the_previous_release_keeps_its_length_and_its_links(stack: Stack) -> None:
    """Its rows have the length of all playlists together, and of no single one."""
    stack.start()
    stack.recording()
    stack.run_for(170)
    stopped(stack)
    assert isinstance(stack.storage, InMemory)
    ((key, stored),) = stack.storage.memory.rows.items()
    delivery = stored.recording.delivery
    assert delivery is not None
    old = replace(stored.recording, delivery=replace(delivery, footage=()))
    stack.storage.memory.rows[key] = replace(stored, recording=old)
    assert stack.row().delivery == old.delivery
    links = stack.answer(stack.press(stack.cards()[-1], "get_links"))
    assert about(timedelta(seconds=delivery.seconds)) in words(stack.command("list"))
    assert "Open the recording" in links


class TestProgress:
    @pytest.fixture
    def agora_options(self) -> dict[str, Any]:
        return NOTIFYING

    @pytest.mark.parametrize("mode", ["backup", "normal"])
    def test_a_percentage_never_stands_beside_files_that_are_not_saved(self, stack: Stack, mode: str) -> None:
        stack.start(AGORA_WEBHOOK_SECRET=stack.agora.webhook_secret)
        stack.agora.uploads("daily", mode)
        stack.recording()
        stack.run_for(200)
        stack.command("stop", by="ben")
        if mode == "backup":
            stack.wait_alert("recording_warning", "in_backup")
            stack.run_for(300)
            assert "aren't saved yet" in stack.cards()[-1].said
            stack.agora.restore("daily")
        stack.wait_alert("recording_files", "stopped", timeout=1800)
        card = stack.cards()[-1]
        for blocks in [*(version.blocks for version in card.edits), card.blocks]:
            shown = str(blocks)
            assert "100%" not in shown
            assert "% done" not in shown or "aren't saved yet" not in shown
