"""The sections of report.html, one file each: a function from results to HTML, or to nothing.

`headline`, `training`, `classes`, `mistakes`, `confidence`, `robustness`, `cost` and `settings`;
the page (`evaluation/page/page.py`) says in which order they stand.

A function takes what it shows (`Evaluation`, `Analysis`, `Run` or a part of these) and returns the
inside of its section; the empty string leaves the section out. Texts from outside are escaped by
`tables`, or here with `look.html.escape`. Numbers and charts stand in the words and colours of all
results; a section explains in a sentence what its figures mean, for a reader who sees the page
without the program. It measures nothing, and it loads nothing.
"""
