"""Checks what must be right before a recording can be trusted: `bot.py check` and `/record doctor`.

checks   the list of checks, and the order of their results      results   one result, and running checks side by side
report   what `bot.py check` prints
slack, agora, webhook, bucket, database, clock: one subject each
"""
