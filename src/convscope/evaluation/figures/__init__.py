"""Figures of an evaluation: the confusion matrix, the surest mistakes, a sheet of predictions.

Each function takes the result and, last, the path of a PNG to write or None, and returns
matplotlib's `Figure`; the results call them from their `figure` method. Names that no font can
draw are replaced. The curves of a run are drawn in `runs/curves`, since they need no evaluation.

Functions: `confusion_figure`, `mistakes_figure`, `predictions_figure`.
"""
