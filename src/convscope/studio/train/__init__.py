"""The train view: choose, forecast, start a training, and watch it.

- `settings.py`: what a person sets, checked, and as the command that trains so. `dials.py` keeps
  `forecast_worker.py`, a process of its own, that forecasts time and memory under them.
- `processes.py` starts a command in a session of its own and finds it again after a restart;
  `trainings.py` keeps the list of those that were started (run, process, when: no more);
  `progress.py` says how one is going, from the run's folder and what the command printed.
- `stream.py` sends a run's metrics while they are written; `checkpoint_view.py` shows the kernels
  and feature maps of its newest checkpoint.
- `routes.py`: the interface.

Promises: a training is the ordinary command, which needs no studio: neither a closed page nor the
end of Studio touches it. Each row of metrics reaches a page once. What a page sends is checked
field by field and is never a command.
"""
