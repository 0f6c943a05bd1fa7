"""The machine: how a network is computed here, chosen by measuring, and said.

What is here:

- `execution`: `Execution`, the device, precision, threads and algorithms of a forward pass;
  `choose_execution` picks the fastest whose gradients agree with plain float32;
- `training_step`: one step of training, written once (`training_loss`, `take_step`, and both as
  `training_step`), with `weight_average`, the moving average of the weights that it moves;
- `convolution_plan`, `matrix_convolution`: convolutions as matrix products, where that was
  measured to be faster; `folded`: batch norm folded into convolutions for evaluation;
- `recomputation`: activations computed again instead of being kept;
- `module_calls`: a forward pass followed module by module (`following_modules`);
- `quiet`: PyTorch's log kept from the terminal while something is only tried (`quiet_torch`);
- `allocator`, `process`, `system_memory`, `contention`, `device`: memory of the process and of the
  machine, time lost to other programs, and which device there is.

It promises that no network is changed by being computed: modules are intercepted or copied, and
hooks, modes and random state are as before. It knows nothing of recipes, runs or data sets:
settings are plain arguments. Times that were measured are kept in the cache folder, so that a
machine decides the same the next time.
"""
