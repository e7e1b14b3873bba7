"""The bucket that Agora uploads to, through obstore. Nothing else of the bot imports obstore.

bucket   what the bot asks of a bucket (the port `Bucket`)     places   where a vendor keeps one, and how to get there
links    signed URLs                                           errors   an answer that is no success
"""
