"""One function for each check: from `Measurements` to a `Check` with figures and findings.

- `images`: what goes in: classes, labels, pixels, and whether the images are still the same.
- `layers`: what is inside: dead and saturated units, gradients, weights that don't move.
- `learning_rate`: how large the steps are, and how many.
- `predictions`: what comes out: the loss, differences between images, between modes, between
  training images and others.

A check reads measurements and measures nothing; it looks at one thing, says in figures what it saw,
also where nothing is wrong, and gives a `RunFinding` for what is. A finding names its evidence and
one change to try. Limits stand at the top of each file, with what they are of. Which checks there
are, and in which order, says `CHECKS` in `diagnosis/diagnose.py`: causes before what they lead to.
"""
