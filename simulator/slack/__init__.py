"""A local Slack: Web API, Socket Mode, `response_url`s, signed HTTP requests; an app can't tell the difference."""

from simulator.slack.interactions.deliveries import Delivery
from simulator.slack.interactions.interaction import Interaction
from simulator.slack.interactions.people import Person
from simulator.slack.network.sockets import Connection
from simulator.slack.simulator import SlackSimulator
from simulator.slack.web_api.calls import Call
from simulator.slack.web_api.faults import Fault
from simulator.slack.workspace.views import View
from simulator.slack.workspace.workspace import Channel, Message, Moment, User, WorldError

__all__ = [
    "Call",
    "Channel",
    "Connection",
    "Delivery",
    "Fault",
    "Interaction",
    "Message",
    "Moment",
    "Person",
    "SlackSimulator",
    "User",
    "View",
    "WorldError",
]
