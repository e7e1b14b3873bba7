"""Incoming Slack requests, one small module for each kind. A request is parsed once, allowed or refused, handed to a
service, and answered with one message. Nothing here talks to Agora or the database."""

START_EXAMPLE = "/record start daily"
"""A command that works, for replies to one that does not."""
COMMANDS = ("/record",)
"""The slash commands that the app registers; the manifest lists the same ones."""
