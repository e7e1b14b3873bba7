"""The engine: a tick renews the lease, and the leader takes one step for each row that is due."""
