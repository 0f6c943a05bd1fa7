"""The views that there are, in the order of the navigation; each answers under /api/NAME."""

from __future__ import annotations

from fastapi import APIRouter

from convscope.studio.bench import routes as bench
from convscope.studio.lessons import routes as lessons
from convscope.studio.network import routes as network
from convscope.studio.plan import routes as plan
from convscope.studio.runs import routes as runs
from convscope.studio.train import routes as train

VIEWS: dict[str, APIRouter] = {
    "bench": bench.router,
    "network": network.router,
    "train": train.router,
    "runs": runs.router,
    "plan": plan.router,
    "lessons": lessons.router,
}
"""The router of each view. `static/views.js` lists the same names, and a test compares them."""
