"""One function for each check: from `Measurements` to a `Check` with figures and findings."""
