"""What may be given as data, and how to give what people have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.files import check_path

ARRAYS = (
    "ImageSet(images, labels, classes), with uint8 images (N, channels, height, width) "
    "and labels 0, 1, … as arrays"
)


def check_is_data(data: object) -> None:
    """Complain about anything that isn't a name, a path, an ImageSet or a dictionary of them.

    Raises:
        UsageError: Says how the images can be given.
    """
    if isinstance(data, str | Path):
        check_path(data)
        return
    if isinstance(data, ImageSet):
        return
    if isinstance(data, Mapping):
        for name, images in data.items():
            if not isinstance(images, ImageSet):
                raise UsageError(
                    f"data[{name!r}] must be an ImageSet, not {_words(images)}: {ARRAYS}."
                )
        return
    raise UsageError(
        "data must be a name, the path of a folder or .zip, an ImageSet, or a dictionary as in "
        f"{{'train': ImageSet, 'test': ImageSet}}; given {_words(data)}. {_advice(data)}"
    )


def _words(value: object) -> str:
    kinds = {kind.__name__: kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    name = type(value).__name__
    if kinds.get("DataLoader") == "torch":
        return "a DataLoader"
    if kinds.get("Dataset") == "torch":
        return f"a Dataset of PyTorch ({name})"
    return f"a {name} of {len(value)}" if isinstance(value, tuple | list) else f"a {name}"


def _advice(value: object) -> str:
    words = _words(value)
    if words == "a DataLoader":
        return f"Convscope makes batches itself: join the images of all of them and give {ARRAYS}."
    if "Dataset" in words:
        return (
            f"Read its images once and give {ARRAYS}; images on disk are best given as the path of "
            "a folder with one subfolder of images per class."
        )
    return f"Arrays are given as {ARRAYS}."
