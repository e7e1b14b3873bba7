"""The media files of the simulated recorder can be played, and have the right length."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.bucket import media
from tests.unit.simulator.media_player import play


def test_an_mp4_lasts_as_long_as_asked() -> None:
    for seconds in [0.3, 1, 7.4, 15.02, 61, 600]:
        played = play(media.mp4(seconds))
        assert played.video == pytest.approx(seconds, abs=0.1)
        assert played.audio == pytest.approx(seconds, abs=0.2)
        assert played.begins == 0


def test_a_slice_lasts_as_long_as_asked_and_begins_where_the_last_one_ended() -> None:
    for start, seconds in [(0, 0.2), (0, 15), (15, 15), (37.3, 0.8), (7200, 5)]:
        played = play(media.segment(start, seconds))
        assert played.video == pytest.approx(seconds, abs=0.05)
        assert played.audio == pytest.approx(seconds, abs=0.2)
        assert played.begins == pytest.approx(start, abs=0.05)


def test_there_can_be_sound_alone_or_picture_alone() -> None:
    cases: list[Callable[[list[str]], bytes]] = [
        lambda kinds: media.mp4(3, kinds),
        lambda kinds: media.segment(5, 3, kinds),
    ]
    for make in cases:
        sound, picture = play(make(["audio"])), play(make(["video"]))
        assert (sound.video, picture.audio) == (0, 0)
        assert sound.audio == pytest.approx(3, abs=0.2)
        assert picture.video == pytest.approx(3, abs=0.05)


def test_ten_minutes_are_small() -> None:
    assert 100_000 < len(media.mp4(600)) < 2_000_000
