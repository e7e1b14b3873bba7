"""`make demo`: the whole main job in a terminal.

The real bot runs as a process of its own between a simulated Slack, a simulated Agora and a simulated S3. The demo
prints what people see in Slack as it happens, and exits 0 only if every step happened.
"""

from __future__ import annotations

import html
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.request import ProxyHandler, build_opener

import av
from rich.console import Console
from rich.text import Text

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator, Timing
from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message, Moment, SlackServer, SlackSimulator

BOT = Path(__file__).with_name("bot.py")
CHANNEL = "daily"
BOT_NAME = "recorder"
PRESSES = {"stop_recording": "presses Stop on the card, and confirms", "get_links": "presses Get the files"}
# The rules are those of the defaults, with shorter waits.
SETTINGS = {
    "QUERY_INTERVAL_SECONDS": "0.5",
    "FAILOVER_GRACE_SECONDS": "10",
    "LEASE_SECONDS": "3",
    "AGORA_QPS": "10",
    "HTTP_PORT": "0",
    "LOG_FORMAT": "console",
}
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
TIMING = Timing().scaled(0.12)
PATIENCE = 120.0
"""Seconds that a step may take. On an idle machine each takes a few."""
READING = 1.2
"""Seconds between steps, for the reader."""
CARD_EDITS, CARD_EDIT_SECONDS = 4, 10.0
"""The bot edits a card at most this often in this many seconds (`messages.delivery.limits`)."""
STOP_SECONDS = 60.0
WIDTH = 100
LOG_LINES = 25

interrupted = threading.Event()
"""Ctrl-C sets it, and the demo reads it between steps only: an exception elsewhere could leave the bot running."""


class DidNotHappen(Exception):
    """A step did not happen. The text says which."""


@contextmanager
def bot_process(environment: dict[str, str], log: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the real bot in this folder, and ends it whatever happens."""
    with log.open("wb") as out:
        bot = subprocess.Popen(
            [sys.executable, BOT], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield bot
    finally:
        end(bot)


def end(bot: subprocess.Popen[bytes]) -> int:
    """Ends the bot as a supervisor does, with `kill` if it does not end by itself; returns its exit code."""
    bot.terminate()
    try:
        return bot.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        bot.kill()
        return bot.wait()


# The transcript


@dataclass
class Transcript:
    """Prints everything that happens in Slack once, in order."""

    slack: SlackSimulator
    console: Console
    shown: int = 0
    versions: Counter[str] = field(default_factory=Counter)

    def catch_up(self) -> None:
        moments = self.slack.timeline
        for moment in moments[self.shown :]:
            self._show(moment)
        self.shown = len(moments)

    def headline(self, text: str) -> None:
        self.catch_up()
        self.console.print()
        self.console.rule(Text(text, style="bold"), align="left", style="dim")

    def tell(self, text: str) -> None:
        """Prints an event outside Slack."""
        self.catch_up()
        self._row(time.time(), "", Text(text, style="italic cyan"))

    def _show(self, moment: Moment) -> None:
        if moment.kind == "command":
            self._row(moment.at, moment.who, Text(moment.text, style="bold"))
        elif moment.kind == "block_actions":
            self._row(moment.at, moment.who, Text(PRESSES[moment.text], style="italic"))
        elif moment.ts is not None:
            messages = self.slack.workspace.channel(moment.channel).messages
            self._show_message(moment, next(m for m in messages if m.ts == moment.ts))

    def _show_message(self, moment: Moment, message: Message) -> None:
        version = self.versions[message.ts]
        self.versions[message.ts] += 1
        lines = self._lines(message, version)
        if moment.kind == "edit":
            before = self._lines(message, version - 1)
            if lines == before:
                return  # Only the metadata has changed.
            lines = [lines[0], *(line for line in lines[1:] if line not in before)]
        rows = [*self._place(moment, message), *map(self._rich, lines)]
        self._row(moment.at, moment.who, Text("\n").join(rows))

    def _lines(self, message: Message, version: int) -> list[str]:
        stages = [(edit.text, edit.blocks) for edit in message.edits] + [(message.text, message.blocks)]
        text, blocks = stages[version]
        return [line for block in blocks for line in _words(block)] or text.split("\n")

    def _place(self, moment: Moment, message: Message) -> list[Text]:
        places = {"ephemeral": f"only {self._name(message.ephemeral_to)} sees this", "edit": "the card, edited"}
        if moment.kind == "reply":
            places["reply"] = "in the card's thread" + (f", and in #{moment.channel}" if moment.broadcast else "")
        return [Text(f"({places[moment.kind]})", style="dim")] if moment.kind in places else []

    def _name(self, user: str | None) -> str:
        return self.slack.workspace.users[user].name.title() if user in self.slack.workspace.users else str(user)

    def _rich(self, mrkdwn: str) -> Text:
        """Slack's markup as a reader sees it."""
        plain = re.sub(r"<@(\w+)>", lambda match: f"@{self._name(match[1])}", mrkdwn)
        plain = re.sub(r"<!date\^(\d+)\^[^|>]*\|[^>]*>", lambda match: _clock(float(match[1])), plain)
        plain = re.sub(r"<[^|>]+\|([^>]*)>", r"\1", plain)
        text = Text()
        for bold, code, rest in re.findall(r"\*([^*\n]+)\*|`([^`\n]+)`|(.[^*`]*)", plain):
            text.append(html.unescape(bold or code or rest), "bold" if bold else "cyan" if code else "")
        return text

    def _row(self, at: float, who: str, text: Text) -> None:
        colour = "magenta" if who == BOT_NAME else "green"
        gutter = Text.assemble((_clock(at), "dim"), " ", (f"{who.title():<9}", colour), " ")
        for line in text.wrap(self.console, self.console.width - len(gutter)):
            line.rstrip()
            self.console.print(gutter + line, soft_wrap=True)
            gutter = Text(" " * len(gutter))


def _words(block: dict[str, Any]) -> list[str]:
    if block["type"] == "actions":
        shown = [element.get("text") or element["initial_option"]["text"] for element in block["elements"]]
        return ["  ".join(f"[ {text['text']} ]" for text in shown)]
    texts = block.get("elements") or [block["text"]]
    return [line for text in texts for line in str(text["text"]).split("\n")]


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M:%S}"


# The steps


@dataclass
class Demo:
    """Plays one step after the other; each raises `DidNotHappen` if it fails."""

    slack_server: SlackServer
    agora: AgoraSimulator
    transcript: Transcript
    bot: subprocess.Popen[bytes]
    completed: list[str] = field(default_factory=list)

    @property
    def slack(self) -> SlackSimulator:
        return self.slack_server.simulator

    def step(self, headline: str, play: Callable[[], object]) -> None:
        self.transcript.headline(f"{len(self.completed) + 1}. {headline}")
        play()
        self.wait(lambda: False, READING)
        self.completed.append(headline)

    def until(self, happened: Callable[[], object], what: str) -> None:
        """Waits until it has happened. Raises `DidNotHappen` with these words if it does not."""
        if not self.wait(lambda: happened() or self.bot.poll() is not None, PATIENCE):
            raise DidNotHappen(f"within {PATIENCE:.0f} s: {what}")
        if self.bot.poll() is not None:
            raise DidNotHappen(f"the bot ended, with exit code {self.bot.returncode}, before: {what}")

    def wait(self, happened: Callable[[], object], seconds: float) -> bool:
        """Prints what happens in Slack meanwhile; returns whether it has happened in time."""
        deadline = time.monotonic() + seconds
        while not (result := happened()) and time.monotonic() < deadline:
            if interrupted.is_set():
                raise KeyboardInterrupt
            self.transcript.catch_up()
            time.sleep(0.03)
        self.transcript.catch_up()
        return bool(result)

    def command(self, who: str, text: str) -> None:
        """Somebody types a command and reads the reply."""
        sent = self.slack.person(who).command("/record", text, channel=CHANNEL)
        self.until(lambda: sent.answers, f"a reply to /record {text}")

    def card(self, number: int, *, says: str = "", **facts: str) -> None:
        """Waits until the card with this number shows these words and has these values in its metadata."""

        def shows() -> bool:
            cards = self.slack.find_messages(CHANNEL, event_type="recording_card")[number:]
            return bool(cards) and says in cards[0].said and facts.items() <= cards[0].event_payload.items()

        self.until(shows, f"card {number + 1} shows {says} {' '.join(facts.values())}")

    def alerts(self) -> list[Message]:
        """The alerts about the recording. `unwatched` is about the bot: on a busy machine it may miss its own lease."""
        others = (None, "recording_card", "recording_files")
        alerts = [message for message in self.slack.messages(CHANNEL) if message.event_type not in others]
        return [alert for alert in alerts if alert.event_payload.get("reason") != "unwatched"]

    def edits_left(self) -> int:
        """How often the bot may edit the card now."""
        since = time.time() - CARD_EDIT_SECONDS
        return CARD_EDITS - sum(moment.kind == "edit" and moment.at > since for moment in self.slack.timeline)

    def start(self, number: int, says: str) -> None:
        self.command("ana", f"start {CHANNEL}")
        self.card(number, state="recording", says=says)

    def people_talk(self) -> None:
        self.transcript.tell("Ana and Ben join the call and talk")
        for uid in (1001, 1002):
            self.agora.join(CHANNEL, uid)
        self.card(0, state="recording", says="🔴")

    def failover(self) -> None:
        """The recorder is not found until the card has shown it, however busy the machine is."""
        self.until(lambda: self.edits_left() >= 2, "the card can be edited")
        self.transcript.tell("Agora moves the recorder to another server: it is not found for a moment")
        not_found = self.agora.fault("query", channel=CHANNEL, answer="not_found", times=None)
        self.agora.move(CHANNEL, 2)
        self.card(0, state="interrupted")
        self.agora.clear_faults(not_found)
        self.card(0, state="recording")
        if self.alerts():
            raise DidNotHappen("no alert for a move to another server")

    def recorder_dies(self) -> None:
        self.transcript.tell("The recorder dies without a word")
        self.agora.kill(CHANNEL)
        self.until(self.alerts, "an alert")
        alert = self.alerts()[0]
        if alert.event_type != "recording_warning" or not alert.thread_ts or not alert.broadcast:
            raise DidNotHappen("a recording_warning in the card's thread and in the channel")
        self.card(0, state="recording", says="Part 2 since")
        self.card(0, state="recording", says="🔴")

    def somebody_else_stops(self) -> None:
        card = self.slack.find_messages(CHANNEL, event_type="recording_card")[0]
        self.slack.person("ben").press(card, "stop_recording")
        self.card(0, state="ended", reason="stopped")
        self.until(lambda: not self.agora.running(), "no recorder is left at Agora")
        if len(self.alerts()) != 1:
            raise DidNotHappen(f"exactly one alert; there were {len(self.alerts())}")

    def files_play(self) -> None:
        self.until(lambda: self.slack.find_messages(CHANNEL, event_type="recording_files"), "the files are told")
        self.card(0, says="The files are there")
        files = self.slack.find_messages(CHANNEL, event_type="recording_files")[0]
        pressed = self.slack.person("ben").press(files, "get_links")
        self.until(lambda: pressed.answers, "Ben gets a link")
        link = next(element["url"] for block in pressed.answers[0].blocks for element in block.get("elements", ()))
        with build_opener(ProxyHandler({})).open(link) as answer:
            film = answer.read()
        self.transcript.tell(f"Ben opens the link: {_played(film)}")

    def bot_stops(self) -> None:
        begun = time.monotonic()
        code = end(self.bot)
        if code != 0:
            raise DidNotHappen(f"exit code 0 of the bot after SIGTERM; it was {code}")
        self.transcript.tell(f"The bot is told to stop: it exits {code} after {time.monotonic() - begun:.1f} s")

    def play(self) -> None:
        self.until(lambda: self.slack_server.connections, "the bot connects to Slack")
        self.step("Ana starts a recording", lambda: self.start(0, "🟡"))
        self.step("People talk, and the first file is stored", self.people_talk)
        self.step("Ben asks how it goes", lambda: self.command("ben", "status"))
        self.step("A failover that alarms nobody", self.failover)
        self.step("A recorder that dies, and another one that records on", self.recorder_dies)
        self.step("Ben stops it", self.somebody_else_stops)
        self.step("The files are there, and Ben plays the recording", self.files_play)
        self.step("The end", self.bot_stops)


def _played(film: bytes) -> str:
    """What a player finds in an MP4 file. Raises `DidNotHappen` if it finds no picture."""
    with av.open(io.BytesIO(film), "r") as container:
        frames = list(container.decode(video=0))
    if not frames:
        raise DidNotHappen("the link plays")
    return f"{len(frames)} pictures in {frames[-1].time or 0:.0f} seconds, {len(film) // 1000} kB of MP4"


def environment_for(slack: SlackSimulator, agora: AgoraSimulator, folder: Path) -> dict[str, str]:
    """Leaves out the caller's settings and proxies, so that the demo is the same everywhere."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    database = {"DATABASE_URL": f"sqlite:///{folder / 'recordings.db'}"}
    return inherited | slack.settings | agora.settings | SETTINGS | database


def show(console: Console, folder: Path) -> None:
    """Plays the whole demo in this folder. Raises `DidNotHappen`."""
    begun = time.monotonic()
    bucket = BucketSimulator()
    agora = AgoraSimulator(AgoraOptions(timing=TIMING), bucket=bucket)
    with SlackServer() as slack_server, BucketServer(bucket), AgoraServer(agora):
        slack = slack_server.simulator
        slack.seed()
        console.print(f"[bold]#{CHANNEL}[/bold] in a simulated Slack; simulated Agora and S3; the real bot, on SQLite")
        with bot_process(environment_for(slack, agora, folder), folder / "bot.log", folder) as bot:
            demo = Demo(slack_server, agora, Transcript(slack, console), bot)
            demo.play()
    console.print(Text("\nEvery step happened:", style="bold green"))
    for number, headline in enumerate(demo.completed, start=1):
        console.print(Text(f"  ✓ {number}. {headline}", style="green"))
    console.print(f"{time.monotonic() - begun:.0f} s. Waits are shortened: a real failover takes up to 90 s.")


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    console = Console(width=min(Console().width, WIDTH), highlight=False)
    with tempfile.TemporaryDirectory(prefix="recorder-demo-") as name:
        try:
            show(console, Path(name))
        except DidNotHappen as error:
            console.print(Text(f"\nThis did not happen: {error}", style="bold red"), soft_wrap=True)
            log = (Path(name) / "bot.log").read_text(errors="replace").splitlines()
            console.print("The end of the bot's log:", *log[-LOG_LINES:], sep="\n", markup=False, soft_wrap=True)
            return 1
        except KeyboardInterrupt:
            console.print("\nInterrupted; the bot has been stopped.")
            return 130
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    interrupted.set()


if __name__ == "__main__":
    sys.exit(main())
