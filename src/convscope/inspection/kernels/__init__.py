"""Kernels: made by hand and slid over an image, and those that a network has learned.

- `kernel.py`: a kernel, the gallery of named ones, and kernels that a person types.
- `apply.py`: a kernel slid over an image, by the definition, with the formula of the output's size.
- `filter_image.py`: one image and one kernel or all of them, as a result; `figure.py` draws it.
- `first_kernels.py`: the kernels of a network that its images meet first;
  `first_kernels_figure.py` draws them. `layer_kernels.py`: those of any convolution.

Kernels are never flipped: what deep learning calls convolution is cross-correlation. What is made
by hand needs no torch, so that the command starts at once.

Public: `filter_image`, `FilteredImage`, `first_kernels`, `FirstKernels`.
"""
