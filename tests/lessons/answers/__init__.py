"""The right answers to the exercises, which the package does not hold."""
