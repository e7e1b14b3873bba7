"""What people and apps can ask for. Each request is one short transaction; nothing here talks to Agora or Slack.

The outcome of a request is a value; a refusal by `Access`, `NothingHere` and failures of systems are exceptions.
"""
