"""Time comes in here: the tick, the lease, and the engine that takes one step for each row that is due."""
