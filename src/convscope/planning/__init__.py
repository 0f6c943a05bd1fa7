"""A training run before it begins: how long it takes, whether it fits, what else there is.

`plan` (`cs.plan`) makes a `Plan` of a network, images and a recipe. A plan forecasts the run at any
batch size, finds the largest batch within a memory, tries what else there is, forecasts roughly for
a machine that isn't there, draws and prints itself. `plan_all` (`cs.plan_all`) sets all networks of
the catalog beside one another. `track_record` tells how good forecasts have been on this machine.

How it works: `record_step` follows the training step on tensors without memory; `times` measures
its operations for a moment, `memory` and `heap` say what it takes; `forecaster` puts that together
for a batch size; `history` corrects it by what came of earlier forecasts and gives the range.

What it promises: nothing is trained, the network isn't touched, and every figure has a range meant
to hold nine outcomes in ten, which the outcome of every run tests. What it doesn't: measure a GPU,
or know what other programs will do.

Public names: `plan`, `Plan`, `Forecast`, `LargestBatch`, `Alternatives`, `ElsewhereForecast`,
`plan_all`, `Overview`, `track_record`, `TrackRecord`, `measure_machine`.
"""
