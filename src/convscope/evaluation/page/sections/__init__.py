"""The sections of report.html, one file each: a function from results to HTML, or to nothing.

A function takes what it shows (`Evaluation`, `Analysis`, `Run` or a part of these) and returns the
inside of its section; the empty string leaves the section out. Texts from outside are escaped by
`tables`, or here with `look.html.escape`.
"""
