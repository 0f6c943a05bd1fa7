"""Which pixels a prediction rests on: one file for each method.

- `saliency.py`, `integrated_gradients.py`, `occlusion.py`, `grad_cam.py`: a method each, with the
  paper's formula beside it; `methods.py`: the table of them, by name.
- `attribute.py`: one of them, asked about an opened network and image.
- `attribution.py`: what every method gives, and how it asks the network without changing it.
- `figure.py`: one method beside its image, or all of them in a row.

Integrated gradients check their own completeness and say how far they are off. Grad-CAM finds its
layer in the graph of the call, also where that layer is no module. A network is left as found.

Asked through `explain` (`inspection/explanation/`).
"""
