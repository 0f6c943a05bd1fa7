"""The runs view: all runs of the opened folder in a table, their curves, and one run looked into.

- `summary.py`: what the table says of a run, also of one that is damaged or goes on.
- `summaries.py`: the summaries of all runs, kept in the cache folder until a run's files change.
- `result.py`: evaluation.json as the page shows it: confusion, calibration, "unknown".
- `cells.py`: which image is in which cell of the confusion matrix.
- `facts.py`: one run: what it was, what was forecast, what it came to.
- `downloads.py`: the table and a run's metrics as CSV, and its report.
- `routes.py`: all of it under /api/runs. It needs torch for nothing but images.

Promises: what is shown is what the run's own files say; a file that is damaged or gone is named in
a sentence, and the other runs are shown nevertheless.

Not here: evaluation itself. What a run's folder lacks is said with the command that makes it.
"""
