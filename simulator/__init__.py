"""A local Slack, a local Agora and a local S3 bucket: state and controls, and servers that serve them on 127.0.0.1."""
