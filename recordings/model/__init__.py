"""The values that everything else talks about: no rules, no I/O."""
