"""The networks: one file per paper, with its blocks and its table of variants; see `catalog.py`."""
