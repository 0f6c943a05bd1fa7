"""What every server of Convscope shares: who may ask, how much, how fast, and how it is refused.

- `listening.py`: a socket at an address, or in words why it can't be had.
- `connection.py`: uvicorn's connection with a clock, for clients that are slow, idle or too many.
- `guard.py`: the checks of Host, Origin and token, and the headers behind every answer.
- `bodies.py`: the body of a request, bounded one by one and all together.
- `failures.py`: answers that say why there is none.
- `limits.py`: the limits of all of these.

`shipping.server` (predictions for programs) and `studio` (the page for people) are built of it, so
what one of them refuses the other refuses as well, in the same words.

Not here: routes, pages, and what is computed. It needs `pip install 'convscope[web]'`, imports no
other room, and never loads torch. Nothing here is public in `convscope`.
"""
