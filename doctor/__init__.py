"""What must be right before a recording can be trusted, a line each: `bot.py check` and `/record doctor`.

everything  which looks there are, and the order of the lines      lines     what a line is
slack, agora, webhook, bucket, database, clock: one theme each     together  looks side by side, bounded in time
"""
