"""Figures of an evaluation: the confusion matrix, confident mistakes, a sheet of predictions.

Each function takes the result and, last, the path of a PNG to write or None, and returns the
matplotlib figure; the results call them from their `figure` method. Names that no font can draw
are replaced. The curves of a run are drawn in `runs/curves`, since they need no evaluation.

A figure stays readable for any number of classes: with more than fit, the matrix loses the numbers
in its cells, then the names at its sides, and lists the most frequent mistakes beside it. Sheets
show at most forty images. Nothing is computed here but places and colours.

Functions: `confusion_figure`, `mistakes_figure`, `predictions_figure`.
"""
