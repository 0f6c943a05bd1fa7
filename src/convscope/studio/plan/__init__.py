"""The plan view: time and memory of a training under dials, and what all networks cost.

- `settings.py`: what a person sets, checked.
- `answers.py`: what is asked of the planning room, as data that a page can show: a forecast with
  the memory over a step and the moment of its peak, the largest batch, the cost of networks.
- `worker.py`: a process of its own that answers; `studio.train.dials` keeps it.
- `runs_like.py`: what runs of the opened folder came to that were trained so.
- `routes.py`: all of it under /api/plan.

Promises: every figure is the library's own, with its range. What can't be forecast is refused with
the reason.

Not here: training. Nothing of a plan is kept but what the planning room keeps of its measurements.
"""
