"""The lessons view: the curriculum's lessons in the page, with parts of Studio live inside them.

- `players.py`: lessons run in processes of their own, and what they have shown so far.
- `live_parts.py`: which view of Studio belongs to which place of a lesson, as an address.
- `answers.py`: exercises that are answered in the page, by the library's own checks.
- `routes.py`: all of it under /api/lessons.

Promises: a number in a lesson was measured on this machine; no text of the page is run as code:
answers are numbers or one of the options, and what needs Python says which command to run.

Not here: the lessons themselves (`convscope.lessons`), and what they compute.
"""
