"""What the bot does, in plain values and pure decisions.

Read `model` (what there is), `lifecycle` (what happens next), `cleanup` (how a recorder that nobody wants
is ended) and `service` (what people can ask for); everything else in the project serves these four.
Nothing here imports another package of the project or does I/O.
"""
