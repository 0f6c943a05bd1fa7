"""The machine: how a network is computed here, chosen by measuring, and said.

What is here:

- `execution`: `Execution`, the device, precision, threads, algorithms and layout of a forward
  pass; `choose_execution` picks the fastest whose gradients agree with plain float32, with `trial`
  (does a module take a step that way?) and `poison` (does a kernel leave memory unwritten?);
- `training_step`: one step of training, written once (`training_loss`, `take_step`, and both as
  `training_step`), with `weight_average`, the moving average of the weights that it moves;
- `convolution_plan`, `matrix_convolution`: convolutions as matrix products, where that was
  measured to be faster; `folded`: batch norm folded into convolutions for evaluation;
- `recomputation`: activations computed again instead of being kept; `dead_taps`: gradients that
  oneDNN doesn't write;
- what any module needs: `module_output` finds its logits, `module_copy` copies it, with the
  functions that it keeps (`rebinding`), `training_mode` leaves frozen parts alone, `kept_state`
  puts back what hooks collected, `deep_nesting`;
- what belongs to the whole process: `usual_settings` keeps the caller's settings of PyTorch out of
  public functions, `exclusive` lets threads train one after the other, and look in turn;
- `module_calls`: a forward pass followed module by module (`following_modules`);
- `quiet`: PyTorch's log kept from the terminal while something is only tried (`quiet_torch`);
- several processes that train one network: `processes` (what each takes, gives and shares),
  `joining` (the launcher's variables, and failures in words), `waiting` (whom one waits for),
  `shared_normalization` (batch normalization by the statistics of the whole batch);
- `allocator`, `process`, `system_memory`, `contention`, `device`: memory of the process and of the
  machine, time lost to other programs, and which device there is.

It promises that no network is changed by being computed: modules are intercepted or copied, and
hooks, modes and random state are as before. It knows nothing of recipes, runs or data sets:
settings are plain arguments. Times that were measured are kept in the cache folder, so that a
machine decides the same the next time.
"""
