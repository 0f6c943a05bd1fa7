"""The architectures, one file for each paper, and the catalog that lists them by name.

A file holds the blocks of its paper, a table of its variants and a builder with `@register` above
it; adding a network is adding such a file and its name to `catalog.FILES`. `network.Network` is
what they all are: a module that maps images (N, channels, H, W) to logits (N, classes) and says in
words what does not fit; `pixels` finds the layer that an image is too small for.

It promises the shapes, parameters and layers of the papers; where a paper contradicts itself, or a
variant for small images departs from it, the file says so. Published weights of torchvision's
networks load (`weights`). It does not promise that a network learns: that is the recipe's.

Public names: `convscope.list_networks`, `convscope.build` and `convscope.load_weights`; for the
package also `catalog.entry`, the facts about a network, and `catalog.check_image_size`.
"""
