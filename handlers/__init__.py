"""Incoming Slack requests, one small module for each kind. A request is parsed once, allowed or refused, handed to a
service, and answered with one message. Nothing here talks to Agora or the database."""

COMMANDS = ("/record",)
"""The slash commands that the app registers; the manifest lists the same ones."""
