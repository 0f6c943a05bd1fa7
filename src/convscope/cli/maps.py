"""The part of `convscope show` that draws feature maps: `--maps LAYER --image FILE`."""

from __future__ import annotations

import re
from pathlib import Path

from convscope.cli.console import fail, print_json
from convscope.errors import UsageError


def show_maps(
    network: str,
    image: Path | None,
    layer: str,
    *,
    size: int | None,
    channels: int | None,
    classes: int | None,
    out: Path | None,
    json: bool,
) -> None:
    """Draw what one layer makes of an image.

    Args:
        network: A network of the catalog, the folder of a run, or a `model.safetensors`.
        image: The image.
        layer: Name of a layer or a block.
        size: Height and width of the image, or None for the usual.
        channels: Channels of the image, or None for the usual.
        classes: Number of classes, or None for the usual.
        out: The PNG, or None for a name made of the image's and the layer's.
        json: Print data instead of text.

    Raises:
        UsageError: No image was given, or the file cannot be written.
    """
    if image is None:
        raise UsageError("--maps draws what a layer makes of an image: add --image FILE.")
    file = out or Path(f"{image.stem}-{re.sub(r'[^A-Za-z0-9.]+', '-', layer)}.png")
    if file.suffix.lower() != ".png":
        raise UsageError(f"--out must be a file that ends with .png; given {str(file)!r}.")
    if not file.parent.is_dir():
        raise UsageError(f"--out: there is no folder {str(file.parent)!r}. Make it first.")

    from convscope.inspection.feature_maps.feature_maps import feature_maps
    from convscope.inspection.feature_maps.figure import feature_maps_figure
    from convscope.inspection.open import opened

    subject = opened(network, image, size=size, channels=channels, classes=classes)
    [maps] = feature_maps(subject.network, subject.pixels, [layer])
    feature_maps_figure(file, maps)
    if json:
        shape = [*maps.maps.shape]
        found = {"layer": maps.layer, "kind": maps.kind, "output_shape": shape}
        print_json({**found, "files": [str(file)], "notes": [*subject.notes]})
        return
    for note in subject.notes:
        fail(note)
    print(f"figure: {file}")
