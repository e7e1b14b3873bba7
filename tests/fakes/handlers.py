"""Every handler of the bot on repositories in memory."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from agora.channels import check_channel_name
from handlers.app import Handlers, answer_command
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu, LayoutOption
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton, LocationOption, NextPageButton, OptionsButton
from handlers.buttons.stop import StopButton
from handlers.commands.doctor import DoctorCommand
from handlers.commands.end_times import EndTimes
from handlers.commands.parser import Command
from handlers.commands.record import RecordCommand
from handlers.directory import ChannelName
from handlers.form import RecordForm
from messages.blocks import Message
from messages.delivery.slack import Slack
from messages.form import Limits
from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import Alert
from recordings.model.recording import Recording
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.details import DetailService
from recordings.service.extend import ExtendService
from recordings.service.layout import LayoutService
from recordings.service.links import LinkService
from recordings.service.start_stop import RecordingService
from tests.fakes.access import everybody
from tests.fakes.bucket import FakeBucket
from tests.fakes.outboxes import MemoryAuditLog, MemoryOutbox
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import NOW, FakeClock
from tests.fakes.slack import MESSAGE_CONFIG, FakeSlack
from tests.fakes.slack_requests import a_command


def handlers_on(memory: Memory, client: WebClient, **others: Any) -> Handlers:
    """`others` replace the handlers of the same name."""
    recordings, clock, access = MemoryRecordings(memory), FakeClock(), everybody()
    service = RecordingService(recordings, access, lambda name: None, clock, lambda: "rec1", lambda: None)
    links = LinkService(recordings, MemoryAuditLog(memory), lambda channel, user: True, FakeBucket(), clock, 60)
    end_times = EndTimes(clock, lambda user: None)
    slack = Slack(client)
    handlers = Handlers(
        access=access,
        config=MESSAGE_CONFIG,
        record=RecordCommand(service, lambda channel, named: named, end_times, MESSAGE_CONFIG, lambda: "recorder"),
        doctor=DoctorCommand(client, list, lambda: "recorder"),
        form=RecordForm(service, lambda channel, named: named, end_times, slack, Limits(60), lambda: "recorder"),
        stop=StopButton(service),
        extend=ExtendButton(ExtendService(recordings, Policy(), clock, lambda: None)),
        again=RecordAgainButton(service, MESSAGE_CONFIG, lambda channel, named: named, lambda: "recorder"),
        layout=LayoutMenu(LayoutService(recordings, clock, lambda: None)),
        layout_option=LayoutOption(service),
        links=LinksButton(links, MESSAGE_CONFIG),
        acknowledge=AcknowledgeButton(AcknowledgeService(MemoryOutbox(memory), clock), slack, MESSAGE_CONFIG),
        details=DetailsButton(DetailService(recordings, MemoryRecorders(memory)), MESSAGE_CONFIG),
        location=LocationOption(service, MESSAGE_CONFIG),
        next_page=NextPageButton(service),
        options=OptionsButton(MESSAGE_CONFIG),
    )
    return replace(handlers, **others)


class CommandStack:
    """`/record …` and the buttons of #daily in the workspace acme, on repositories in memory."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.recordings = MemoryRecordings(self.memory)
        self.outbox = MemoryOutbox(self.memory)
        self.clock = FakeClock()
        self.slack = FakeSlack(self.clock)
        self.time_zone: tzinfo | None = ZoneInfo("Europe/Madrid")
        self.channel_name: ChannelName = lambda channel, named: named or None
        self.epoch = MemoryLease(self.memory, "me").hold(NOW, 9) or 0
        self._ids = itertools.count(1)

    @property
    def service(self) -> RecordingService:
        return RecordingService(
            self.recordings, everybody(), check_channel_name, self.clock, lambda: f"new{next(self._ids)}", lambda: None
        )

    @property
    def handlers(self) -> Handlers:
        service = self.service
        end_times = EndTimes(self.clock, lambda user: self.time_zone)
        return handlers_on(
            self.memory,
            WebClient(token="xoxb-test"),
            record=RecordCommand(
                service,
                lambda channel, named: self.channel_name(channel, named),
                end_times,
                MESSAGE_CONFIG,
                lambda: "recorder",
            ),
            stop=StopButton(service),
            again=RecordAgainButton(
                service,
                MESSAGE_CONFIG,
                lambda channel, named: self.channel_name(channel, named),
                lambda: "recorder",
            ),
            layout_option=LayoutOption(service),
            location=LocationOption(service, MESSAGE_CONFIG),
            next_page=NextPageButton(service),
            acknowledge=AcknowledgeButton(AcknowledgeService(self.outbox, self.clock), self.slack, MESSAGE_CONFIG),
        )

    def reply_to(self, text: str, **facts: Any) -> Message:
        """The reply to `/record` with this text."""
        message = answer_command(self.handlers, a_command(text, **facts), Command.with_working_example(text))
        assert message is not None
        return message

    def types(self, text: str, **facts: Any) -> str:
        """The text of that reply, which a notification shows."""
        text = self.reply_to(text, **facts).text
        assert text
        return text

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.recordings.add_recording(recording, None) is None

    def saves(self, recording: Recording, change: Change) -> None:
        """What a step of the engine wrote."""
        self.recordings.save(recording, change, self.epoch, NOW)

    def raises(self, alert: Alert) -> str:
        """Has the alert's recording and posts the alert; the `ts` of its message."""
        self.has(alert.recording)
        self.saves(alert.recording, Change(alert.recording, alerts=(alert,)))
        return self.slack.post(alert.recording.slack_channel, Message("the alert"))

    def row(self, recording_id: str = "rec1") -> Recording:
        recording = self.recordings.recording(recording_id)
        assert recording is not None
        return recording
