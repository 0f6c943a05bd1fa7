"""`convscope kernels`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.console import print_json
from convscope.errors import UsageError

EPILOG = """
Examples:

  convscope kernels photo.jpg

  convscope kernels photo.jpg --kernel sobel-vertical

  convscope kernels photo.jpg --kernel "1 0 -1; 2 0 -2; 1 0 -1" --stride 2 --padding 1
"""


def complete_kernel(text: str) -> list[str]:
    """Names in the gallery."""
    from convscope.inspection.kernels.kernels import GALLERY

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
    from convscope.inspection.kernels.figure import gallery_figure, kernel_figure
    from convscope.inspection.kernels.kernels import GALLERY, apply, find_kernel, open_image

    chosen = list(GALLERY.values()) if kernel is None else [find_kernel(kernel)]
    image, note = open_image(image_file)
    results = [
        apply(image, each, stride=stride, padding=padding, dilation=dilation, mode=mode)
        for each in chosen
    ]
    named = "kernels" if kernel is None else "kernel"
    if kernel is not None and chosen[0].name in GALLERY:
        named = chosen[0].name
    file = _out_file(out or Path(f"{image_file.stem}-{named}.png"))
    if kernel is None:
        gallery_figure(file, image, results, image_file.name)
    else:
        kernel_figure(file, image, results[0], image_file.name)
    if json:
        print_json(
            {
                "image": str(image_file),
                "input_size": list(image.shape[1:]),
                "kernels": [
                    {
                        "name": result.kernel.name,
                        "weights": result.kernel.weights.tolist(),
                        "output_size": list(result.values.shape[1:]),
                        "formula": list(result.formula),
                        "lowest": float(result.values.min()),
                        "highest": float(result.values.max()),
                    }
                    for result in results
                ],
                "file": str(file),
            }
        )
        return
    if note:
        print(note)
    print("Output size ⌊(n − k + p + s) / s⌋:")
    for lines in dict.fromkeys(result.formula for result in results):
        names = ", ".join(result.kernel.name for result in results if result.formula == lines)
        print(f"  {names}: {lines[0]}, {lines[1]}")
    print(f"figure: {file}")


def _out_file(path: Path) -> Path:
    if path.suffix.lower() != ".png":
        raise UsageError(f"--out must be a file that ends with .png; given {str(path)!r}.")
    if not path.parent.is_dir():
        raise UsageError(f"--out: there is no folder {str(path.parent)!r}. Make it first.")
    return path
