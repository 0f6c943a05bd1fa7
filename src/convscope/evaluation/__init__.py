"""How good a trained network is, and what it predicts.

- `logits`: a network run over labelled images, in full float32, so that every machine agrees.
- `calibration`: probabilities from logits, divided by a temperature, and how far they are to be
  believed; `unknown`: when an image looks like nothing known; `calibrate` fits both to validation
  images after training (`rejection` chooses the threshold), never to test images.
- `run_splits`, `run_images`: the run's images as they were divided when it began, and which images
  are evaluated: none that was trained on, unless asked for; `class_names` matches classes by name.
- `suspicions`: what a good-looking accuracy hides, in sentences; they become notes.
- `evaluate` makes an `Evaluation`: accuracy with its interval, classes, confusion, mistakes,
  calibration, images `out_of_distribution`. It prints and draws itself and writes the report.
- `analysis` adds to it what the report shows besides: `selective` prediction, `robustness` to
  `disturbances`, `cost`. `report` writes the files; `page` makes report.html; `figures` the
  images.
- `predict`: the most probable classes of image files, as `Predictions`.

Promises: the figures of a run are the same on every machine up to rounding; the accuracy counts
every image, also those called "unknown". It doesn't train, and it changes nothing of a run but the
card of its model file (`calibrate`) and its report.

Public names: `evaluate`, `Evaluation` (with `.report()`), `predict`.
"""
