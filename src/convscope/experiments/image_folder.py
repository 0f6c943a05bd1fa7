"""Images of a data set as files: a folder for each class, as people keep their own."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from convscope.data.image_set import ImageSet


def write_image_folder(images: ImageSet, folder: str | Path) -> Path:
    """Write images as PNG files, FOLDER/CLASS/00012.png.

    Args:
        images: Images with labels, uint8 (N, 1 or 3, H, W).
        folder: Is made if it doesn't exist; files of the same names are replaced.

    Returns:
        The folder.
    """
    folder = Path(folder)
    for name in images.classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (pixels, label) in enumerate(zip(images.images, images.labels, strict=True)):
        array = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
        Image.fromarray(array).save(folder / images.classes[label] / f"{number:05}.png")
    return folder


def same_images(first: ImageSet, second: ImageSet) -> bool:
    """Whether two sets hold the same images with the same classes, in whatever order.

    Args:
        first: Images with labels.
        second: Others.
    """
    return _contents(first) == _contents(second)


def _contents(images: ImageSet) -> list[tuple[str, bytes]]:
    pairs = zip(images.images, images.labels, strict=True)
    return sorted((images.classes[label], pixels.tobytes()) for pixels, label in pairs)
