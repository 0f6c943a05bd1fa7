"""`convscope kernels`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.console import check_out_file, print_json

EPILOG = """
Examples:

  convscope kernels photo.jpg

  convscope kernels photo.jpg --kernel sobel-vertical

  convscope kernels photo.jpg --kernel "1 0 -1; 2 0 -2; 1 0 -1" --stride 2 --padding 1
"""


def complete_kernel(text: str) -> list[str]:
    """Names in the gallery."""
    from convscope.inspection.kernels.kernel import GALLERY

    return [name for name in GALLERY if name.startswith(text)]


def kernels(
    image_file: Annotated[Path, typer.Argument(help="An image.", metavar="IMAGE")],
    kernel: Annotated[
        str | None,
        typer.Option(
            help='A name, or numbers: "1 0 -1; 2 0 -2; 1 0 -1". Default: all that have a name.',
            autocompletion=complete_kernel,
        ),
    ] = None,
    stride: Annotated[int, typer.Option(help="Pixels from one output to the next.")] = 1,
    padding: Annotated[int, typer.Option(help="Pixels added on each side.")] = 0,
    dilation: Annotated[
        int, typer.Option(help="Pixels from one entry of the kernel to the next.")
    ] = 1,
    mode: Annotated[
        str, typer.Option(help="What is added: zeros, reflect, replicate, circular.")
    ] = "zeros",
    out: Annotated[
        Path | None, typer.Option(help="The PNG to write. Default: IMAGE-KERNEL.png here.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Slide hand-made kernels over an image: blur, sharpen, find edges.

    Writes a figure of the image, the kernel and what comes out, and prints how the size of the
    output follows: ⌊(n − k + p + s) / s⌋ for n pixels, a kernel that spans k, p pixels of padding
    on both sides together, and the stride s.
    """
    from convscope.inspection.kernels.filter_image import filter_image
    from convscope.inspection.kernels.kernel import GALLERY, find_kernel

    chosen = None if kernel is None else find_kernel(kernel)
    named = "kernels" if chosen is None else "kernel"
    if chosen is not None and chosen.name in GALLERY:
        named = chosen.name
    file = out or Path(f"{image_file.stem}-{named}.png")
    check_out_file("--out", file, ".png")
    found = filter_image(
        image_file, chosen, stride=stride, padding=padding, dilation=dilation, mode=mode
    )
    found.figure(file)
    if json:
        print_json({**found.as_dict(), "image": str(image_file), "file": str(file)})
        return
    print(found)
    print(f"figure: {file}")
