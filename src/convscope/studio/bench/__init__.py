"""The convolution bench: one window, its products and their sum, and what becomes of an image.

- `settings.py`: what a person sets, as the page sends it, and what is refused.
- `compute.py`: all numbers of one setting, by `convscope.definitions` in float64: the padded image,
  what each channel contributes, the output, the size formula, and which pixels no window reads.
- `check.py`: the same output by PyTorch, and the largest difference. Only this loads torch.
- `teach.py`: gradient descent that teaches a kernel what another one does.
- `routes.py`: all of it under /api/bench.

Promises: nothing on the page's grids is computed in the page, but the products of one window under
the pointer, from the numbers that were sent and beside the output that was sent for it.

Not here: networks. The arithmetic of their units is `convscope.unit`.
"""
