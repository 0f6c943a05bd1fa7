"""`convscope explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.complete import complete_run
from convscope.cli.console import print_json
from convscope.cli.network import NetworkOption, open_module

METHODS = ("saliency", "integrated-gradients", "occlusion", "grad-cam", "all")
EPILOG = """
Examples:

  convscope explain runs/mine shoe.png

  convscope explain runs/mine shoe.png --method grad-cam --class Sandal --out why/

  convscope explain runs/Net-pets-1 cat.jpg --network my_net.py:Net
"""


def complete_method(text: str) -> list[str]:
    """Names of attribution methods."""
    return [name for name in METHODS if name.startswith(text)]


def explain(
    run: Annotated[
        Path,
        typer.Argument(
            help="Folder of the run, or a model.safetensors.", autocompletion=complete_run
        ),
    ],
    image: Annotated[Path, typer.Argument(help="An image.")],
    method: Annotated[
        str,
        typer.Option(help=f"{', '.join(METHODS)}.", autocompletion=complete_method),
    ] = "all",
    label: Annotated[
        str | None,
        typer.Option("--class", help="Class to explain. Default: the most probable one."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder. Default: explanations/IMAGE in the run's folder.")
    ] = None,
    network: NetworkOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Show what a network's prediction for an image rests on.

    Writes figures (which pixels count, feature maps, first kernels) and explanation.html, one
    page that holds all of them.
    """
    from convscope.inspection.explanation.explain import explain as ask

    module = open_module(network, run)
    explanation = ask(run, image, method=method, label=label, device=device, module=module)
    folder = run if run.is_dir() else run.parent
    files = explanation.save(out or folder / "explanations" / image.stem)
    if json:
        named = {what: str(file) for what, file in files.items()}
        print_json({"run": str(run), **explanation.as_dict(), "files": named})
        return
    print(explanation)
    print()
    width = max(len(what) for what in files) + 1
    for what, file in files.items():
        print(f"{what + ':':<{width}} {file}")
