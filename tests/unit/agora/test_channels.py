"""Which names an Agora channel can have."""

from __future__ import annotations

import pytest

from agora.channels import ALLOWED, check_channel_name
from recordings.errors import InvalidChannelName
from recordings.ports import CheckChannelName


@pytest.mark.parametrize("name", ["daily", "Daily Stand-up #1", " a ", "...", "x" * 64, "!#$%&()+-:;<=.>?@[]^_{}|~,"])
def test_a_name_that_agora_takes_passes(name: str) -> None:
    check: CheckChannelName = check_channel_name

    check(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("daily/standup", '"/" (character 6)'),
        ("réunion", '"é" (character 2)'),
        ('say "hi"', '""" (character 5)'),
        ("it's", '"\'" (character 3)'),
        ("a*b", '"*"'),
        ("a\\b", '"\\"'),
        ("a`b", '"`"'),
        ("a\nb", r"\n (character 2)"),
        ("a\x00b", r"\x00"),
        ("a\u200bb", r"\u200b"),
        ("x" * 100 + "/", '"/" (character 101)'),
    ],
)
def test_the_first_character_that_is_not_allowed_is_named(name: str, shown: str) -> None:
    with pytest.raises(InvalidChannelName) as refused:
        check_channel_name(name)

    assert str(refused.value).startswith(shown)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["", " ", "   ", "\t\n"])
def test_a_blank_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidChannelName, match="blank"):
        check_channel_name(name)


def test_a_name_that_is_too_long_is_refused_with_its_length() -> None:
    with pytest.raises(InvalidChannelName, match="64 characters; this one has 65"):
        check_channel_name("x" * 65)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_an_address_would_swallow_is_refused(name: str) -> None:
    with pytest.raises(InvalidChannelName, match="dots"):
        check_channel_name(name)


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(InvalidChannelName) as refused:
        check_channel_name("a/b")

    said = str(refused.value)
    assert "1 to 64 characters" in said
    assert all(character in said for character in ALLOWED if not character.isalnum())
