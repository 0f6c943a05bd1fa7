"""A drawing of any network: what is drawn, where it stands, and how it reaches a file."""
