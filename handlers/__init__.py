"""What comes in from Slack: one small module for each kind of request. Each parses, asks the service, and shows one
message; none talks to Agora or the database."""

COMMANDS = ("/record",)
"""The slash commands that the app registers; the manifest names the same."""
