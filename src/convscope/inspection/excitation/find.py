"""What excites the channels of a layer most: images of a data set, and the patches of them.

found = find_exciting_images(run, "digits", "features.conv2")
print(found)                    # how strongly, and which classes
found.figure("excites.png")     # the images, and what the strongest unit sees of each
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.inspection.excitation.excitation import ExcitingImage, most_exciting
from convscope.inspection.open.data import open_data
from convscope.inspection.open.network import Inspectable, open_network
from convscope.look.html import table
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEADINGS = ("channel", "activations", "classes of the images, the most frequent first")


@dataclass(frozen=True)
class ExcitingImages:
    """The images that excite each channel of a layer most. It prints as text and draws itself.

    Attributes:
        layer: Name of the layer.
        data: Name of the data set.
        images: How many images were looked at.
        channels: By channel, the images from the strongest activation on.
        notes: What a person should know.
    """

    layer: str
    data: str
    images: int
    channels: Mapping[int, tuple[ExcitingImage, ...]] = field(repr=False)
    notes: tuple[str, ...] = ()

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = []
        for channel, found in self.channels.items():
            first, last = found[0].value, found[-1].value
            shown = f"{first:.3g} to {last:.3g}".replace("-", "−")
            counts = Counter(each.label for each in found).most_common()
            labels = ", ".join(f"{label} ×{n}" if n > 1 else label for label, n in counts)
            rows.append((str(channel), "never above 0" if first <= 0 else shown, labels))
        return rows

    def __str__(self) -> str:
        rows = [HEADINGS, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f"What excites {self.layer} most among {self.images:,} images of {self.data}"]
        lines += [f"  {c:>{widths[0]}}  {a:<{widths[1]}}  {labels}" for c, a, labels in rows]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        caption = f"What excites {self.layer} most among {self.images:,} images of {self.data}"
        return table(self._rows(), HEADINGS, caption=caption)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw a row for each channel: the images, framed what the strongest unit sees, and that.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.excitation.figure import excitation_figure

        return excitation_figure(self.layer, self.channels, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the pixels."""
        return {
            "layer": self.layer,
            "data": self.data,
            "images": self.images,
            "channels": {
                str(channel): [each.as_dict() for each in found]
                for channel, found in self.channels.items()
            },
            "notes": list(self.notes),
        }


@in_usual_settings
def find_exciting_images(
    network: Inspectable,
    data: Data,
    layer: str,
    channels: Sequence[int] | None = None,
    *,
    count: int = 8,
    split: str = "test",
    size: int | None = None,
    device: str = "auto",
    quiet: bool = False,
) -> ExcitingImages:
    """Find the images that each channel of a layer responds to most, every image counted once.

    After Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2013, figure 2:
    the patch is what the strongest unit of the channel sees, its receptive field.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
        data: A name, a folder or `.zip`, or an `ImageSet`.
        layer: Name of a layer or block.
        channels: Which of its channels (units, where there are no maps); None: the first eight.
        count: Images for each channel.
        split: Which images of the data: "train", "validation" or "test".
        size: Height and width that images are resized to. None: what the run was trained with, or
            the network is usually given.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.
        quiet: Show no progress.

    Raises:
        UsageError: There is no such network, data, layer or channel.
        ConvscopeError: A file is damaged.
    """
    if count < 1:
        raise UsageError(f"count must be at least 1; given {count}.")
    opened = open_network(network, size=size, device=device)
    images = open_data(opened, data, split)
    found = most_exciting(opened.network, images, layer, channels, count=count, quiet=quiet)
    return ExcitingImages(
        layer=layer,
        data=images.images.name,
        images=len(images.images),
        channels={channel: tuple(each) for channel, each in found.items()},
        notes=images.notes,
    )
