"""The network view: what every layer makes of one image, and where each number comes from.

- `choose.py`: the networks that may be opened: those of the catalog, and the runs and weights that
  lie in the folder Studio was opened with. A name is looked up in that list, never made a path.
- `subject.py`: a network and an image as the page names them, opened; those of one image are kept.
- `overview.py`: layers, cost, and what the network answers.
- `planes.py`: the numbers of a layer as planes: feature maps, or rows of numbers.
- `unit.py`, `arithmetic.py`: `convscope.unit` as data that a page can show, forwards and backwards.
- `between.py`: what a unit sees of every layer between the image and itself.
- `kernels.py`, `attribution.py`: a layer's kernels, and which pixels count for a class.
- `beside.py`: two images, or two states of a network, at one layer.
- `drawing.py`: the network drawn, with blocks that fold.
- `routes.py`: all of it under /api/network. It loads the others, and so torch, when asked.

Promises: every number is the library's own, with its difference from what PyTorch computed; what
can't be shown is refused with the layer's name and the reason.

Not here: training; what all of this means is `inspection/`.
"""
