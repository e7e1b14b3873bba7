"""The rules: pure functions of the row, the policy and the time. No clock, no randomness, no I/O."""
