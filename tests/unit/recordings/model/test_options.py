"""Options, and which of them exclude each other."""

from __future__ import annotations

import pytest

from recordings.model.options import (
    DEFAULT_OPTIONS,
    OPTION_WORDS,
    Contradiction,
    Layout,
    Media,
    Option,
    Options,
    Resolution,
    combine_options,
)


def test_the_default_options_are_video_in_a_720p_grid() -> None:
    assert (
        Options(media=Media.VIDEO, layout=Layout.GRID, resolution=Resolution.P720)
        == DEFAULT_OPTIONS
        == combine_options([])
    )


def test_each_option_replaces_the_default() -> None:
    picked = combine_options([Resolution.P1080, Layout.SPEAKER, Media.VIDEO])

    assert picked == Options(media=Media.VIDEO, layout=Layout.SPEAKER, resolution=Resolution.P1080)


def test_the_same_option_twice_is_not_a_contradiction() -> None:
    assert combine_options([OPTION_WORDS["sound"], OPTION_WORDS["audio-only"]]) == Options(media=Media.AUDIO)


@pytest.mark.parametrize(
    ("options", "second"),
    [
        ([Layout.GRID, Layout.SPEAKER], Layout.SPEAKER),
        ([Resolution.P720, Resolution.P1080], Resolution.P1080),
        ([Media.AUDIO, Media.VIDEO], Media.VIDEO),
        ([Media.AUDIO, Layout.GRID], Layout.GRID),
        ([Resolution.P480, Media.AUDIO], Resolution.P480),
    ],
)
def test_a_contradiction_names_the_second_option(options: list[Option], second: Option) -> None:
    with pytest.raises(Contradiction) as refused:
        combine_options(options)

    assert refused.value.second is second
    assert str(second) in str(refused.value)
