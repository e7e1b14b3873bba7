"""What happens next, as pure functions of the row, the policy and the time."""
