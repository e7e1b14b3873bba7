"""The help text, and the replies to a mistyped command."""

from __future__ import annotations

from messages.blocks import Message, code, plain
from messages.replies import text

_COMMANDS = (
    ("/record", "opens a form: what to record, for how long, and how"),
    ("/record start [channel]", "records an Agora channel; without a name, the one named like this Slack channel"),
    ("/record start [channel] for 45m", "stops it after 45 minutes; `until 15:30`: at that time, where you are"),
    (
        "/record start [channel] audio",
        "records sound only; `floating`, `grid`, `speaker`: the layout of the picture; `360p`, `480p`, `720p`, `1080p`:"
        " its size. In any order, with `for` or `until`",
    ),
    ("/record status [channel]", "shows how it goes"),
    ("/record stop [channel]", "stops what is recorded from this channel, whoever started it"),
    ("/record list [channel]", "shows the last recordings of this channel, with their files"),
    ("/record doctor", "for admins: whether everything is set up as it should be"),
    ("/record help", "shows this"),
)


def help_text() -> Message:
    lines = [f"`{command}` {does}" for command, does in _COMMANDS]
    return text(
        "\n".join(
            [
                "*Recording calls*",
                *lines,
                "[channel] is the name that the call has at Agora; it may be another one than this Slack channel's. Put"
                ' quotes around a name that has spaces or is a word of these: `/record start "team call"`.',
            ]
        )
    )


def unknown_command(typed_word: str, nearest: str | None) -> Message:
    guess = f"Did you mean `/record {nearest}`?" if nearest else "To record a call: `/record start` and its name."
    return text(f"I don't know the command {code(typed_word, 40)}. {guess} `/record help` shows what I can do.")


def usage(problem: str, example: str) -> Message:
    """The mistake in a command, and an example of a correct one."""
    return text(f"{plain(problem)} Type, for example, `{example}`.")
