"""A local Slack: Web API, Socket Mode, `response_url`s, signed HTTP requests; an app can't tell the difference."""

from simulator.slack.calls import Call
from simulator.slack.deliveries import Delivery
from simulator.slack.faults import Fault
from simulator.slack.interactions import Interaction
from simulator.slack.people import Person
from simulator.slack.simulator import SlackSimulator
from simulator.slack.sockets import Connection
from simulator.slack.views import View
from simulator.slack.world import Channel, Message, Moment, User, WorldError

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
