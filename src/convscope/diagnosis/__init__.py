"""Why a run isn't learning: measurements of its network and images, and findings drawn from them.

What is here:

- `diagnose`: `diagnose(run) -> Diagnosis`, the whole way from a run folder to findings;
- `diagnosis`, `finding`: what comes out: a `Diagnosis` prints, shows and draws itself, and is a
  sequence of `RunFinding`, the worst first, each with figures that show it and a change to try;
- `subject`: the run as it is examined; `measurements`: everything that is measured of it, once;
- `activations` (units that are dead or saturated), `gradients`, `first_input` (the pixels as the
  network sees them), `predictions` (in training and in evaluation mode), `neighbours` (whether
  labels belong to the images), `range_test` and `rate_trials` (learning rates, really tried);
- `checks/`: functions from measurements to what was checked and what is wrong with it;
- `machine`: `examine_machine`, this machine and what stands in the way of training.

It promises that a run is only read, also while it is under way: copies are trained, one figure is
added, and random state is left as found. A rate is called wrong only if another was tried and did
better. It doesn't change recipes, and it doesn't look for errors in the images themselves
(`convscope data --check`).
"""
