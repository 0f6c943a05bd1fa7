"""The page report.html: everything about the result of a run, in one file that opens anywhere.

`page` puts the sections together (`sections/`, one file each), which are made of tables (`tables`)
and charts (`charts`, SVG written from the numbers, on the axes of `scales`). `style.css` and
`script.js` are put into the page.

Promises: it loads nothing, from nowhere; whatever comes from outside (names of files and classes,
the recipe) is escaped; its security policy names its one script by hash. It works without scripts,
which only sort tables and filter mistakes. It measures nothing: all numbers come from an
`Analysis`.

Public name: `report_page`, called by `evaluation.report` and `Evaluation.report`.
"""
