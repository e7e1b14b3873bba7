"""Every handler of the bot on repositories in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slack_sdk import WebClient

from handlers.app import Handlers
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton, NextPageButton
from handlers.buttons.stop import StopButton
from handlers.commands.doctor import DoctorCommand
from handlers.commands.end_times import EndTimes
from handlers.commands.record import RecordCommand
from handlers.form import RecordForm
from messages.delivery.slack import Slack
from messages.form import Limits
from recordings.lifecycle.policy import Policy
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.details import DetailService
from recordings.service.extend import ExtendService
from recordings.service.layout import LayoutService
from recordings.service.links import LinkService
from recordings.service.start_stop import RecordingService
from tests.fakes.access import everybody
from tests.fakes.bucket import FakeBucket
from tests.fakes.outboxes import MemoryAuditLog, MemoryOutbox
from tests.fakes.repositories import Memory, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import FakeClock


def handlers_on(memory: Memory, client: WebClient, **others: Any) -> Handlers:
    """`others` replace the handlers of the same name."""
    recordings, clock, access = MemoryRecordings(memory), FakeClock(), everybody()
    service = RecordingService(recordings, access, lambda name: None, clock, lambda: "rec1", lambda: None)
    links = LinkService(recordings, MemoryAuditLog(memory), lambda channel, user: True, FakeBucket(), clock, 60)
    end_times = EndTimes(clock, lambda user: None)
    slack = Slack(client)
    handlers = Handlers(
        access=access,
        record=RecordCommand(service, lambda channel, named: named, end_times),
        doctor=DoctorCommand(client, list, lambda: "recorder"),
        form=RecordForm(service, lambda channel, named: named, end_times, slack, Limits(60, tokens=False)),
        stop=StopButton(service),
        extend=ExtendButton(ExtendService(recordings, Policy(), clock, lambda: None)),
        again=RecordAgainButton(service),
        layout=LayoutMenu(LayoutService(recordings, clock, lambda: None)),
        links=LinksButton(links),
        acknowledge=AcknowledgeButton(AcknowledgeService(MemoryOutbox(memory), clock), slack, lambda recording: ""),
        details=DetailsButton(DetailService(recordings, MemoryRecorders(memory))),
        next_page=NextPageButton(service),
    )
    return replace(handlers, **others)
