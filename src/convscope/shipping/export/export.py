"""A run as one file for other programs: ONNX, or weights with torchvision's names."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from convscope.errors import UsageError
from convscope.look.html import table
from convscope.runs.open_model import open_model, run_or_model_file
from convscope.runs.run import Run
from convscope.runtime.usual_settings import in_usual_settings
from convscope.shipping.export.format import OPSET
from convscope.shipping.export.torchvision_weights import write_torchvision_weights

if TYPE_CHECKING:
    from convscope.shipping.export.onnx_export import OnnxExport

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
SUFFIXES = (".onnx", ".safetensors")


@dataclass(frozen=True)
class WeightsExport:
    """A file of weights that was written.

    Attributes:
        file: The file.
        network: What the network is called.
        channels: Channels of the images that its first layer takes.
        torchvision: The Python expression that makes torchvision's network for the weights.
    """

    file: Path
    network: str
    channels: int
    torchvision: str

    def __str__(self) -> str:
        text = (
            f"{self.file}: weights of {self.network}, for\n"
            f"model = {self.torchvision}\n"
            f"model.load_state_dict(safetensors.torch.load_file({str(self.file)!r}))"
        )
        if self.channels != 3:
            text += (
                f"\nTheir first layer takes {self.channels} channel, torchvision's 3: replace it "
                "in the model first."
            )
        return text

    def _repr_html_(self) -> str:
        return table([("file", self.file), ("network", self.network), ("for", self.torchvision)])

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self) | {"file": str(self.file)}


@in_usual_settings
def export(
    run: Run | str | Path,
    path: str | Path,
    *,
    int8: bool = False,
    opset: int = OPSET,
    images: str | Path | None = None,
    module: nn.Module | None = None,
    force: bool = False,
    quiet: bool = False,
) -> OnnxExport | WeightsExport:
    """Write a run's model to a file for other programs.

    An `.onnx` file takes raw images and gives class names, probabilities and "unknown":
    everything that happens to an image is inside. Before it is written it is run on real
    images, and if it doesn't predict as the run does, it isn't written. A program of a few lines
    that reads it is written beside it. A `.safetensors` file holds the weights alone, with
    torchvision's names.

    Args:
        run: A run, its folder, or a `model.safetensors`.
        path: The file to write; its suffix says what.
        int8: Quantize the ONNX file. Its accuracy on the test images may fall by half a
            percentage point, no more.
        opset: Version of the ONNX operators.
        images: A folder of images to compare on, in place of the run's test images.
        module: The module to fill, if the run trained one that isn't in the catalog.
        force: Replace files.
        quiet: Show no progress.

    Raises:
        UsageError: An argument doesn't fit, a file exists, or packages are missing.
        ConvscopeError: The model file is damaged, the network can't be exported, the export
            differs from the run, or quantization costs too much.
    """
    file = Path(path)
    opened = run_or_model_file(run)
    _check_target(file, opened.model_file if isinstance(opened, Run) else opened)
    if file.suffix.lower() == ".safetensors":
        if int8 or opset != OPSET or images is not None:
            raise UsageError(
                "--int8, --opset and --images are for .onnx files; a .safetensors file holds "
                "the weights as they are."
            )
        refuse_existing(file, force=force)
        model = open_model(opened, module)
        maker = write_torchvision_weights(file, model)
        return WeightsExport(file, model.card.network, model.card.channels, maker)
    _check_packages()
    # Imported here, because it needs packages that not everybody has.
    from convscope.shipping.export.onnx_export import reader_path, write_onnx

    for target in (file, reader_path(file)):
        refuse_existing(target, force=force)
    whole_run = opened if isinstance(opened, Run) else None
    model = open_model(opened, module)
    return write_onnx(file, model, whole_run, int8=int8, opset=opset, images=images, quiet=quiet)


def refuse_existing(file: Path, *, force: bool) -> None:
    """Complain about a file that is there already, unless it may be replaced.

    Raises:
        UsageError: It is there.
    """
    if file.is_dir():
        raise UsageError(f"{str(file)!r} is a folder. Give the name of a file to write.")
    if file.exists() and not force:
        raise UsageError(
            f"{str(file)!r} exists. Replace it: --force (in Python force=True); "
            "or give another name."
        )


def _check_target(file: Path, model_file: Path) -> None:
    """Complain about a file that can't be written, before any work is done."""
    if file.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"The suffix of a file to export says what it is to hold: .onnx the whole model, "
            f".safetensors weights with torchvision's names. {str(file)!r} has neither."
        )
    if not file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {str(file.parent)!r} to write {file.name!r} in.")
    if not os.access(file.absolute().parent, os.W_OK):
        raise UsageError(f"Nothing may be written into the folder {str(file.parent)!r}.")
    if file.exists() and model_file.exists() and file.samefile(model_file):
        raise UsageError(
            f"{str(file)!r} is the run's own model, which holds more than its weights. "
            "Give another name."
        )


def _check_packages() -> None:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"To export to ONNX, {' and '.join(missing)} must be installed: "
            "pip install 'convscope[onnx]'."
        )
