"""A local Slack: Web API, Socket Mode, `response_url`s, signed HTTP requests; an app can't tell the difference."""

from simulator.slack.interactions.deliveries import Ack, Delivery
from simulator.slack.interactions.interaction import Interaction
from simulator.slack.interactions.people import Person
from simulator.slack.network.sockets import Connection
from simulator.slack.options import SlackOptions
from simulator.slack.server import SlackServer
from simulator.slack.simulator import SlackSimulator
from simulator.slack.web_api.calls import Call
from simulator.slack.web_api.faults import Fault
from simulator.slack.workspace.views import View, state_of
from simulator.slack.workspace.workspace import Channel, Message, Moment, User, WorkspaceError

__all__ = [
    "Ack",
    "Call",
    "Channel",
    "Connection",
    "Delivery",
    "Fault",
    "Interaction",
    "Message",
    "Moment",
    "Person",
    "SlackOptions",
    "SlackServer",
    "SlackSimulator",
    "User",
    "View",
    "WorkspaceError",
    "state_of",
]
