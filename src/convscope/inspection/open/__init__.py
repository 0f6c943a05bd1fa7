"""What is to be inspected, opened once: a network, alone or with images.

Every function of `inspection/` takes for its network a name of the catalog, a module, a run, its
folder or a `model.safetensors`, and for its image a file, uint8 pixels or the network's own
numbers. They are told apart here and nowhere else.

- `network.py`: `open_network` gives the module and what is known of its images; `open_for_shape`
  gives the module and one shape of images, without making weights where shapes are enough.
- `image.py`: `open_image` gives a network and one image made ready for it, as for training.
- `data.py`: `open_data` gives the images of a data set, as a network takes them.

A network of the catalog gets random weights, the same each time, and a note says so. A module that
is given as such is left as found, also on its device. Nothing here computes anything.
"""
