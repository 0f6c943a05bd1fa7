"""Images and labels: where they come from, how they are stored, and how they become batches.

    source ──▶ decode, convert ──▶ ImageSet for each split ──▶ Batches

Sources are `digits`, `mnist`, `cifar` and `folder` (a folder or archive with a subfolder for each
class, or `.tar` files with labels in them, which `layout`, `tar_tree` and `grey_range` understand
by stated rules, or as a `Reading` says); `load` chooses the source and makes the splits that it
lacks. An `ImageSet` holds uint8 images (N, channels, H, W), labels, class names and paths.
`Batches` turns it into what a network takes: shuffled, on the device, augmented, enlarged and
normalized, float (N, channels, H, W). `check/` looks for what is wrong with a
data set.

It promises that splits never share an image, that the order and augmentation of images depend only
on (seed, epoch, step), that a damaged file is named and left out, and that nothing is unpickled or
unpacked beyond limits. It does not decide the size of images or the augmentation: the recipe does.

Public names: `convscope.load`, `convscope.ImageSet`, `convscope.Reading`.
"""
