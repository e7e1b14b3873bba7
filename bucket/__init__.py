"""The bucket that Agora uploads to, through obstore. Nothing else in the bot imports obstore.

object_bucket  the port `Bucket`     locations  a vendor's hosts and regions, and how to connect
signed_links   signed URLs           errors     failed responses as exceptions
"""
