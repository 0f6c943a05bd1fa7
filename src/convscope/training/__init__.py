"""Training: from names to a finished run, which can be stopped anywhere and gone on with.

What is here:

- `train`: from a network, data and a recipe to a `Run` folder; `resume`: on with one;
  `carry_out`: a run from its next step to its report;
  `seeds`: `train_seeds`, the same training with several seeds;
  `folds`: `train_folds`, cross-validation;
- `loop`: `fit`, the training loop, whole and flat; its step is `runtime.training_step`;
- `stages`: what learns in an epoch and what it is shown, where a run begins from a source;
  `features`: what the frozen layers make of images, computed once;
- `job`: what a recipe comes down to on given data (network, images, normalization);
- `state`: how far a run is and all its tensors, as they go into checkpoints; `budget`: the number
  of steps when minutes are given instead of epochs;
- `measure`: what is found out on this machine before the first step; `final_evaluation`: what
  happens after the last;
- `together`: what several processes share besides gradients, and refuse; `keeper`: what is written;
- `live_view`, `tensorboard`, `expectation`: who watches a run, told of every step and epoch, the
  last comparing it with its forecast; `interrupt`: a stop that leaves a checkpoint;
- `diagnosis`: where NaN first appeared, and a loss that stays where guessing leaves it, in words.

It promises that a run that was stopped goes on bit for bit as if it had not been: all randomness
is a function of seed, epoch and step. Weights that aren't numbers reach no file, and test images
choose nothing. How good a network is, `evaluation` says; why a run isn't learning, `diagnosis`.
"""
