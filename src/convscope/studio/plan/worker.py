"""The process that answers the plan view's questions, one line of JSON after the other."""

from __future__ import annotations

from convscope.studio.plan.answers import answer
from convscope.studio.train.forecast_worker import main

if __name__ == "__main__":
    main(answer)
