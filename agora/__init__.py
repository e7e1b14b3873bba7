"""Agora Cloud Recording over HTTP.

client       the port `CloudRecorder`: one method a request
payloads     request bodies                   responses    response bodies
errors       failed responses as exceptions   tokens       RTC tokens (006, and 007 from access_token2)
transport    sends one request at most once   connections  HTTP connections below it: unsent or sent, one deadline
endpoints    failover between Agora's hosts   pacing       rate limiter
channels     channel names                    vendors      storage vendors and regions by number
notifications, notification_details  parse Agora's notifications
webhook_probe  sends a test notification to the bot's own webhook
"""
