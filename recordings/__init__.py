"""The domain: recordings, recorders, and the rules for them. Nothing here imports another package or does I/O.

model/          values: what a recording, a recorder, an alert, a notification is
lifecycle/      pure functions: which step comes next, and what its outcome means
service/        what people and apps can ask for
repositories    the storage, as Protocols
ports           Agora, the bucket, the clock and the metrics, as Protocols
errors          everything that can fail
"""
