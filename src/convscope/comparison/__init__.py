"""Runs beside one another: what differs, and whether the difference is more than chance.

`compare` opens runs and groups of seeds as contenders (`contender`, which reads evaluation.json
through `evaluation_record`), pairs them (`pairs`) and tests each pair (`significance`): McNemar's
test for two runs, a permutation test where there are seeds, Holm's correction for several pairs.
`power` estimates how many images or seeds a difference as small would take; `words` says the
result in a sentence. `text`, `figure` and `table` show a `Comparison` in a terminal, as a figure,
as CSV.

Promises: no difference is called shown that chance alone gives more often than 5 times in 100;
runs evaluated on different images aren't compared, and the reason is said; seeds that only guess
count. It evaluates nothing again: every number comes from the files of the runs.

Public names: `compare`, `Comparison`.
"""
