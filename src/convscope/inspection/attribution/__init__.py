"""Which pixels an answer rests on: one file per method, and the table of them in `methods.py`."""
