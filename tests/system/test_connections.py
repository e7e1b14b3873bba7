"""The outage after the bot loses its connection to Slack.

`make test ARGS="-k connections -s"` prints the figures of docs/connections.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from simulator.slack import Interaction
from tests.system.conftest import Stack

PROBE_SECONDS = 0.1
FAULTS: dict[str, Callable[[Any], None]] = {
    "reset": lambda sockets: sockets.reset(),
    "end of the stream": lambda sockets: sockets.drop(),
    "silence": lambda sockets: sockets.silence(),
    "close frame": lambda sockets: sockets.close(),
    "refresh": lambda sockets: sockets.refresh(),
}
BOUNDS = {"reset": 10, "end of the stream": 10, "silence": 15, "close frame": 5, "refresh": 3}
"""In seconds, generous for a busy machine."""


def outage(stack: Stack, lose: Callable[[Any], None], limit: float) -> float:
    """Types a command every tenth of a second. Returns the seconds from the loss of the connection until Slack gets an
    acknowledgement."""
    typed: list[tuple[float, Interaction]] = []
    lost_at = time.monotonic()
    lose(stack.slack_server.sockets)

    def acknowledged() -> float | None:
        if not typed or time.monotonic() >= typed[-1][0] + PROBE_SECONDS:
            typed.append((time.monotonic(), stack.command("status", wait=False)))
        return next(
            (at + command.latency for at, command in typed if command.latency is not None and command.acknowledged),
            None,
        )

    acknowledged_at = stack.slack.wait_for(acknowledged, timeout=limit + 5, what="an acknowledged command")
    assert acknowledged_at is not None
    return acknowledged_at - lost_at


@pytest.mark.parametrize("loss", FAULTS)
def test_commands_are_soon_acknowledged_again_after(stack: Stack, loss: str) -> None:
    stack.start()
    assert stack.command("status").acknowledged
    seconds = outage(stack, FAULTS[loss], BOUNDS[loss])
    print(f"\n{loss}: {seconds:.2f} s until a command is acknowledged")  # noqa: T201 - the figure that `-s` shows
    assert seconds < BOUNDS[loss]
    code, _ = stack.bot.stop()
    assert code == 0


def test_no_command_is_lost_when_slack_asks_for_a_new_connection(stack: Stack) -> None:
    stack.start()
    old = stack.slack_server.connections[0]
    typed: list[Interaction] = []
    typed_at = 0.0
    stack.slack_server.sockets.refresh()

    def replaced() -> bool:
        nonlocal typed_at
        if time.monotonic() >= typed_at + 0.02:
            typed_at = time.monotonic()
            typed.append(stack.command("status", wait=False))
        return not old.open

    stack.slack.wait_for(replaced, timeout=10, what="the new connection alone")
    typed.append(stack.command("status", wait=False))
    assert len([command for command in typed if not command.wait().acknowledged]) == 0, f"of {len(typed)}"


def test_a_bot_that_is_stopped_while_it_reconnects_exits_in_time(stack: Stack) -> None:
    stack.start()
    hello = stack.slack.faults.add("socket", hang=True)
    stack.slack_server.sockets.close()
    stack.slack.wait_for(lambda: hello.hits, timeout=10, what="a new connection under way")
    code, seconds = stack.bot.stop()
    assert (code, seconds < 10) == (0, True)
