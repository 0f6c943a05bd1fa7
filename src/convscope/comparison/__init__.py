"""Runs beside one another: what differs, and whether more than chance is at work."""
