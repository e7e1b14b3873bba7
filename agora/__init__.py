"""Agora Cloud Recording over HTTP.

client       what the bot asks of Agora (the port `CloudRecorder`), and `connect`, which puts it together
payloads     the JSON that goes out        answers     the JSON that comes back
errors       an answer that is no success  tokens      what lets a recorder into a channel
pacing       below Agora's rate            transport   one request over the wire, at most once
endpoints    which of Agora's hosts        connections what was sent, and when to give up
channels     names of channels             vendors     storage vendors and their regions
notifications, notification_details  what Agora tells by itself    trial  a test of the way that it takes
"""
