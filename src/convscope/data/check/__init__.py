"""What is wrong with a data set: duplicates, leaks, odd images, classes that are too small.

`check` looks at all of it and returns `Checked`, a list of `DataFinding`: each says its kind, the
place and, in words, what is wrong. Duplicates are the same file, the same pixels, or nearly the
same image: found by `neighbours` among small views of all images, then laid over one another by
`alignment` and compared. `leaks` finds those between two data sets. `figure` draws pairs.

It promises to miss no exact duplicate, and near duplicates only as `docs/benchmarks.md` says; what
was looked for is part of the result. It changes and deletes nothing: a person decides.

Used by `convscope data FOLDER --check` and by training's warning about leaks; nothing here is
public in `convscope`.
"""
