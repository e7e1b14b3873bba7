"""Names of Agora channels."""

from __future__ import annotations

import pytest

from agora.channels import check_channel_name
from recordings.errors import InvalidChannelName
from recordings.ports import CheckChannelName


@pytest.mark.parametrize("name", ["daily", "Daily Stand-up #1", " a ", "...", "x" * 64, "!#$%&()+-:;<=.>?@[]^_{}|~,"])
def test_a_valid_name_is_accepted(name: str) -> None:
    check: CheckChannelName = check_channel_name

    check(name)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("daily/standup", '"/"'),
        ("réunion", '"é"'),
        ('say "hi"', '"""'),
        ("it's", '"\'"'),
        ("a*b", '"*"'),
        ("a\\b", '"\\"'),
        ("a`b", '"`"'),
        ("a\nb", r"\n"),
        ("a\x00b", r"\x00"),
        ("a\u200bb", r"\u200b"),
        ("x" * 100 + "/", '"/"'),
    ],
)
def test_the_error_names_the_first_invalid_character(name: str, start: str) -> None:
    with pytest.raises(InvalidChannelName) as rejected:
        check_channel_name(name)

    assert str(rejected.value).startswith(f"Call names can't contain {start}. ")
    assert str(rejected.value).isprintable()


@pytest.mark.parametrize("name", ["", " ", "   ", "\t\n"])
def test_a_blank_name_is_rejected(name: str) -> None:
    with pytest.raises(InvalidChannelName, match="blank"):
        check_channel_name(name)


def test_a_name_that_is_too_long_is_rejected_with_its_length() -> None:
    with pytest.raises(InvalidChannelName, match="64 characters; this one has 65"):
        check_channel_name("x" * 65)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_is_a_path_segment_of_dots_is_rejected(name: str) -> None:
    with pytest.raises(InvalidChannelName, match="dots"):
        check_channel_name(name)


def test_the_error_says_which_names_are_allowed() -> None:
    with pytest.raises(InvalidChannelName) as rejected:
        check_channel_name("a/b")

    assert "letters a\u2013z, digits, spaces and common punctuation (64 at most)" in str(rejected.value)
