"""`make demo`: the whole main job in a terminal.

The real bot runs as a process of its own between a simulated Slack, a simulated Agora and a simulated S3. The demo
prints what people see in Slack as it happens, and exits 0 only if every step happened.

A step waits for what lasts: a message, the state of a card that nothing changes until the next step, a request that
Agora has counted. On a busy machine the bot skips card edits, and then nobody sees the state in between.
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
from simulator.bucket import BucketOptions, BucketServer, BucketSimulator
from simulator.slack import Message, Moment, SlackServer, SlackSimulator

BOT = Path(__file__).with_name("bot.py")
CHANNEL = "daily"
CARD = "recording_card"
# The rules are those of the defaults, with shorter waits.
SETTINGS = {
    "QUERY_INTERVAL_SECONDS": "0.5",
    "FAILOVER_GRACE_SECONDS": "10",
    "HTTP_PORT": "0",
    "LOG_FORMAT": "console",
}
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
TIMING = Timing().scaled(0.12)
PATIENCE = 120.0
"""Seconds that a step may take. On an idle machine each takes a few."""
READING = 1.2
"""Seconds between steps, for the reader."""
NOT_FOUND_ANSWERS, NOT_FOUND_SECONDS = 2, 4.0
"""How often the moved recorder is not found at least, and how long it stays away if the card does not show that."""
STORED, FILE_STORED = "🔴", 5
"""What the card shows, and Agora's status, once a file is stored."""
CARD_EDITS, CARD_EDIT_SECONDS = 4, 10.0
"""The bot edits a card at most this often in this many seconds (`messages.delivery.limits`)."""
STOP_SECONDS = 60.0
WIDTH = 100
LOG_LINES = 25
NEXT = """
What's next?
  Set it up with your Slack and Agora:  docs/setup.md
  Play by hand, without accounts:       .venv/bin/python -m simulator --help"""

interrupted = threading.Event()
"""Ctrl-C sets it, and the demo reads it between steps only: an exception elsewhere could leave the bot running."""


class DidNotHappen(Exception):
    """A step did not happen. The text says what was missing."""


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
        elif moment.ts is not None:
            messages = self.slack.workspace.channel(moment.channel).messages
            message = next(message for message in messages if message.ts == moment.ts)
            if moment.kind == "block_actions":
                self._row(moment.at, moment.who, Text(_press(message, moment.text), style="italic"))
            else:
                self._show_message(moment, message)

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
        text, blocks = _versions(message)[version]
        return [line for block in blocks for line in _words(block)] or text.split("\n")

    def _place(self, moment: Moment, message: Message) -> list[Text]:
        edited = "the card, edited" if message.event_type == CARD else "edited"
        places = {"ephemeral": f"only {self._name(message.ephemeral_to)} sees this", "edit": edited}
        if moment.kind == "reply":
            places["reply"] = "in the card's thread" + (f", and in #{moment.channel}" if moment.broadcast else "")
        return [Text(f"({places[moment.kind]})", style="dim")] if moment.kind in places else []

    def _name(self, user: str | None) -> str:
        return self.slack.workspace.users[user].name.title() if user in self.slack.workspace.users else str(user)

    def _rich(self, mrkdwn: str) -> Text:
        """Slack's markup as a reader sees it."""
        plain = re.sub(r"<@(\w+)>", lambda match: f"@{self._name(match[1])}", mrkdwn)
        plain = re.sub(r"<!date\^(\d+)\^([^|>^]*)[^>]*>", lambda match: _date(float(match[1]), match[2]), plain)
        plain = re.sub(r"<#(\w+)[^>]*>", lambda match: f"#{self.slack.workspace.channel(match[1]).name}", plain)
        plain = re.sub(r"<(?:[^|>]+\|)?([^>]*)>", r"\1", plain)
        text = Text()
        for bold, code, rest in re.findall(r"\*([^*\n]+)\*|`([^`\n]+)`|(.[^*`]*)", plain):
            text.append(html.unescape(bold or code or rest), "bold" if bold else "cyan" if code else "")
        return text

    def _row(self, at: float, who: str, text: Text) -> None:
        colour = "magenta" if who == self.slack.bot.name else "green"
        gutter = Text.assemble((_clock(at), "dim"), " ", (f"{who.title():<9}", colour), " ")
        for line in text.wrap(self.console, self.console.width - len(gutter)):
            line.rstrip()
            self.console.print(gutter + line, soft_wrap=True)
            gutter = Text(" " * len(gutter))


def _versions(message: Message) -> list[tuple[str, list[dict[str, Any]]]]:
    """Text and blocks before each edit, and now."""
    return [(edit.text, edit.blocks) for edit in message.edits] + [(message.text, message.blocks)]


def _press(message: Message, action: str) -> str:
    """A press as the person sees it: the words of the button, also if an edit has removed it since."""
    every = [element for _, blocks in _versions(message) for block in blocks for element in _elements(block)]
    pressed = [element for element in every if element.get("action_id") == action][-1]
    return f"presses {_label(pressed)}" + (", and confirms" if "confirm" in pressed else "")


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else [])]


def _words(block: dict[str, Any]) -> list[str]:
    """The lines of a block, as far as they are words."""
    if block["type"] == "actions":
        return ["  ".join(map(_button, block["elements"]))]
    texts = [part for name in ("text", "fields", "elements") for part in _parts(block.get(name))]
    lines = [line for text in texts for line in text.split("\n")]
    if lines and "accessory" in block:
        lines[0] += f"  {_button(block['accessory'])}"
    return lines


def _parts(node: Any) -> Iterator[str]:
    """The texts in a part of a block, in order."""
    if isinstance(node, list):
        yield from (text for part in node for text in _parts(part))
    elif isinstance(node, dict):
        inner = node.get("text") or node.get("elements")
        yield from [inner] if isinstance(inner, str) else _parts(inner)


def _button(element: dict[str, Any]) -> str:
    return "⋯" if element["type"] == "overflow" else f"[ {_label(element)} ]"


def _label(element: dict[str, Any]) -> str:
    shown = element.get("text") or element.get("initial_option", {}).get("text") or element["placeholder"]
    return str(shown["text"])


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M:%S}"


def _date(at: float, pattern: str) -> str:
    """A date and time as Slack shows it to a person with a clock of 24 hours."""
    moment = datetime.fromtimestamp(at)
    days = (moment.date() - datetime.now().date()).days
    day = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, f"{moment:%b %-d}")
    shown = pattern.replace("{time_secs}", f"{moment:%H:%M:%S}").replace("{time}", f"{moment:%H:%M}")
    return re.sub(r"\{date\w*\}", day, shown)


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
            raise DidNotHappen(f"{what} (waited {PATIENCE:.0f} s)")
        if self.bot.poll() is not None:
            raise DidNotHappen(f"{what} (the bot ended before, with exit code {self.bot.returncode})")

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

    # What people do and see

    def command(self, who: str, text: str) -> None:
        """Somebody types a command and reads the reply."""
        sent = self.slack.person(who).command("/record", text, channel=CHANNEL)
        self.until(lambda: sent.answers, f"a reply to /record {text}")

    @property
    def card(self) -> Message:
        """The card; LookupError before there is one."""
        return self.slack.find_messages(CHANNEL, event_type=CARD)[0]

    def shows(self, **facts: str) -> bool:
        """Whether the card has these values in its metadata."""
        try:
            return facts.items() <= self.card.event_payload.items()
        except LookupError:
            return False

    def until_card(self, **facts: str) -> None:
        self.until(lambda: self.shows(**facts), f"the card has {' '.join(facts.values())}")

    def alerts(self) -> list[Message]:
        """The alerts about the recording. `unwatched` is about the bot: on a busy machine it may miss its own lease."""
        others = (None, CARD, "recording_files")
        alerts = [message for message in self.slack.messages(CHANNEL) if message.event_type not in others]
        return [alert for alert in alerts if alert.event_payload.get("reason") != "unwatched"]

    def thread(self) -> list[Message]:
        """The replies to the card that are neither alerts nor files: its timeline."""
        return [reply for reply in self.slack.messages(CHANNEL, thread_ts=self.card.ts) if reply.event_type is None]

    def edits_left(self) -> int:
        """How often the bot may edit the card now."""
        since = time.time() - CARD_EDIT_SECONDS
        return CARD_EDITS - sum(moment.kind == "edit" and moment.at > since for moment in self.slack.timeline)

    # The steps

    def start(self) -> None:
        self.command("ana", f"start {CHANNEL}")
        self.until_card(state="recording")

    def people_talk(self) -> None:
        self.transcript.tell("Ana and Ben join the call and talk")
        for uid in (1001, 1002):
            self.agora.join(CHANNEL, uid)
        self.until_stored()
        self.until(
            lambda: self.slack.find_messages(CHANNEL, contains=STORED, event_type=CARD),
            "the card shows that the call is recorded",
        )

    def until_stored(self) -> None:
        """Waits until the newest recorder has stored a file."""
        self.until(lambda: self.agora.recorder(CHANNEL).status == FILE_STORED, "a file is stored")

    def failover(self) -> None:
        """The timeline keeps it in any case; the card shows it only if the bot gets to that edit in time."""
        self.wait(lambda: self.edits_left() >= 2, CARD_EDIT_SECONDS)
        self.transcript.tell("Agora moves the recorder to another server. For a moment it can't be found")
        fault = self.agora.fault("query", channel=CHANNEL, answer="not_found", times=None)
        self.agora.move(CHANNEL, 2)
        self.until(lambda: self.hits(fault) >= NOT_FOUND_ANSWERS, "the bot looks for the recorder")
        self.wait(lambda: self.shows(state="interrupted"), NOT_FOUND_SECONDS)
        self.agora.clear_faults(fault)
        self.until(self.thread, "the card's thread tells of it")
        self.until_card(state="recording")
        if self.alerts():
            raise DidNotHappen("no alert for a move to another server")

    def hits(self, fault: int) -> int:
        """How many requests have met this fault."""
        return next(each.hits for each in self.agora.faults() if each.number == fault)

    def recorder_dies(self) -> None:
        self.transcript.tell("The recorder dies. Agora doesn't say so")
        before = self.card.event_payload["sid"]
        self.agora.kill(CHANNEL)
        self.until(self.alerts, "an alert")
        alert = self.alerts()[0]
        kind = alert.event_type, alert.event_payload.get("reason")
        if kind != ("recording_warning", "lost"):
            raise DidNotHappen(f"the alert is recording_warning, lost; it was {kind}")
        if not alert.thread_ts or not alert.broadcast:
            raise DidNotHappen("the alert is in the card's thread and in the channel")
        self.until(lambda: self.shows(state="recording") and not self.shows(sid=before), "the card has a new recorder")
        self.until_stored()

    def somebody_else_stops(self) -> None:
        self.slack.person("ben").press(self.card, "stop_recording")
        self.until_card(state="ended", reason="stopped")
        self.until(lambda: not self.agora.running(), "no recorder is left at Agora")
        if len(self.alerts()) != 1:
            raise DidNotHappen(f"exactly one alert; there were {len(self.alerts())}")

    def files_play(self) -> None:
        self.until(lambda: self.slack.find_messages(CHANNEL, event_type="recording_files"), "the files are there")
        files = self.slack.find_messages(CHANNEL, event_type="recording_files")[0]
        self.until(lambda: "get_links" in self.card.elements, "the card has the button for the files")
        pressed = self.slack.person("ben").press(files, "get_links")
        self.until(lambda: pressed.answers, "Ben gets a reply")
        elements = [element for block in pressed.answers[0].blocks for element in _elements(block)]
        links = [element["url"] for element in elements if "url" in element]
        if not links:
            raise DidNotHappen("the reply has a link")
        for link in links:
            with build_opener(ProxyHandler({})).open(link) as answer:
                self.transcript.tell(f"Ben opens the link and watches: {_played(answer.read())}")

    def bot_stops(self) -> None:
        begun = time.monotonic()
        code = end(self.bot)
        if code != 0:
            raise DidNotHappen(f"the bot exits with 0 after SIGTERM; it exited with {code}")
        self.transcript.tell(f"The bot gets SIGTERM and exits with {code} after {time.monotonic() - begun:.1f} s")

    def play(self) -> None:
        self.until(lambda: self.slack_server.connections, "the bot connects to Slack")
        self.step("Ana starts a recording", self.start)
        self.step("People join and talk", self.people_talk)
        self.step("Ben checks what is being recorded", lambda: self.command("ben", "status"))
        self.step("Agora moves the recorder: no false alarm", self.failover)
        self.step("The recorder dies: a new one takes over", self.recorder_dies)
        self.step("Ben stops the recording", self.somebody_else_stops)
        self.step("Ben gets the recording and plays it", self.files_play)
        self.step("The bot shuts down", self.bot_stops)


def _played(film: bytes) -> str:
    """What a player finds in an MP4 file. Raises `DidNotHappen` if it finds no picture."""
    with av.open(io.BytesIO(film), "r") as container:
        frames = list(container.decode(video=0))
    if not frames:
        raise DidNotHappen("the link plays")
    return f"{frames[-1].time or 0:.0f} s of video, {len(film) // 1000} kB"


def environment_for(slack: SlackSimulator, agora: AgoraSimulator, folder: Path) -> dict[str, str]:
    """Leaves out the caller's settings and proxies, so that the demo is the same everywhere."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    database = {"DATABASE_URL": f"sqlite:///{folder / 'recordings.db'}"}
    return inherited | slack.settings | agora.settings | SETTINGS | database


def show(console: Console, folder: Path) -> None:
    """Plays the whole demo in this folder. Raises `DidNotHappen`."""
    begun = time.monotonic()
    # The dictionary is enough for the bot; all of S3 would need the packages for development.
    bucket = BucketSimulator(BucketOptions("recordings", store="memory"))
    agora = AgoraSimulator(AgoraOptions(timing=TIMING), bucket=bucket)
    with SlackServer() as slack_server, BucketServer(bucket), AgoraServer(agora):
        slack = slack_server.simulator
        slack.seed()
        console.print(f"You're in [bold]#{CHANNEL}[/bold]. The bot is real; Slack, Agora and S3 are simulated.")
        with bot_process(environment_for(slack, agora, folder), folder / "bot.log", folder) as bot:
            demo = Demo(slack_server, agora, Transcript(slack, console), bot)
            demo.play()
    console.print(Text("\nEvery step worked:", style="bold green"))
    for number, headline in enumerate(demo.completed, start=1):
        console.print(Text(f"  ✓ {number}. {headline}", style="green"))
    seconds = time.monotonic() - begun
    console.print(f"{seconds:.0f} s. In production, a new recorder takes over within 3 minutes.")
    console.print(NEXT)


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
            console.print(Text(f"\nThis didn't happen: {error}", style="bold red"), soft_wrap=True)
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
