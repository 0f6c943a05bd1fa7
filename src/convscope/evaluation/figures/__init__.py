"""The images made of a run: curves, confusion matrix, worst mistakes."""
