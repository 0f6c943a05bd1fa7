"""Searching for a recipe: trials within a time, and what of the best one's accuracy was luck.

What is here:

- `tune` (`cs.tune`): the search from end to end; `search`: its trials, one after the other;
- `space`: which fields of a recipe may be searched, and over which values;
- `foresee`: what a trial will take, before it begins; `trial_watch`: what ends one early;
- `storage`: Optuna's databases, which several processes and machines share; `collect`: what lies
  there as rows of ours;
- `begin`, `finish`: what stands before and after: folder, study, images; new seeds, report;
- `study`: the result, a `Study`; `study_text`, `study_figure` and `study_page` show it.

A trial is a run: it trains by the function that trains all runs, told of every epoch by a watcher.
Optuna proposes, stores and judges learning curves.

It promises that test images choose nothing: trials end before their final evaluation, and only the
best recipe, trained with seeds that chose nothing, is evaluated on them. A trial that was stopped
or killed is tried again from its newest checkpoint. It does not promise that two searches find the
same: time decides how many trials there are.

Public names: `tune`, `Study`.
"""
