"""One ONNX file with its reader: made, compared with the run, and only then written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx

from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.run_splits import run_splits
from convscope.files import atomic_path, write_text
from convscope.look.html import table
from convscope.look.numbers import percent, size
from convscope.runs.model import Model
from convscope.runs.run import Run
from convscope.shipping.export import quantize, reader
from convscope.shipping.export.agreement import Agreement, check_agreement
from convscope.shipping.export.assemble import assemble
from convscope.shipping.export.body import export_network
from convscope.shipping.export.format import OPSET
from convscope.shipping.export.originals import images_to_compare, originals
from convscope.shipping.export.quantize import Quantization
from convscope.shipping.export.session import Session

MOST_BYTES = 2**31 - 2**24
"""Most that weights may take: one ONNX file holds 2 GiB, and the rest must fit in as well."""


@dataclass(frozen=True)
class OnnxExport:
    """An ONNX file that was written.

    Attributes:
        file: The file.
        reader: The program beside it that shows how to use it.
        network: What the network is called.
        bytes: Size of the file.
        opset: Version of the ONNX operators.
        milliseconds: Time of one image of the model's size by itself in ONNX Runtime, here.
        agreement: How near its probabilities in float32 are to the run's.
        int8: What quantization costs; None for a file in float32.
    """

    file: Path
    reader: Path
    network: str
    bytes: int
    opset: int
    milliseconds: float
    agreement: Agreement
    int8: Quantization | None

    def __str__(self) -> str:
        agreement, int8 = self.agreement, self.int8
        precision = "float32" if int8 is None else "8 bits"
        lines = [
            f"{self.file}: {self.network} in {precision}, opset {self.opset}, "
            f"{size(self.bytes)}, {self.milliseconds:.2f} ms an image"
        ]
        if int8 is not None:
            lines.append(
                f"In float32: {size(int8.float_bytes)}, {int8.float_milliseconds:.2f} ms. "
                f"Accuracy on {int8.images:,} test images: {percent(int8.accuracy, 2)} in 8 bits, "
                f"{percent(int8.float_accuracy, 2)} in float32"
            )
        lines.append(
            f"{'Compared' if int8 is None else 'Compared before that'} with the run on "
            f"{agreement.images:,} images: the same class for every one, probabilities within "
            f"{agreement.largest_difference:.0e}"
        )
        return "\n".join([*lines, f"Try it: python {self.reader} IMAGE"])

    def _repr_html_(self) -> str:
        rows: list[tuple[str, object]] = [
            ("file", self.file),
            ("network", self.network),
            ("size", size(self.bytes)),
        ]
        rows += [
            ("time of an image", f"{self.milliseconds:.2f} ms"),
            ("compared on", f"{self.agreement.images:,} images"),
            ("largest difference", f"{self.agreement.largest_difference:.0e}"),
        ]
        if self.int8 is not None:
            rows.append(("accuracy in 8 bits", percent(self.int8.accuracy, 2)))
            rows.append(("accuracy in float32", percent(self.int8.float_accuracy, 2)))
        return table(rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        agreement = asdict(self.agreement) | {"batches": list(self.agreement.batches)}
        return asdict(self) | {
            "file": str(self.file),
            "reader": str(self.reader),
            "agreement": agreement,
        }


def write_onnx(
    file: Path,
    model: Model,
    run: Run | None,
    *,
    int8: bool = False,
    opset: int = OPSET,
    images: str | Path | None = None,
    quiet: bool = False,
) -> OnnxExport:
    """Export a network, compare the result with it, and write it with its reader.

    Args:
        file: The file to write; is replaced if it exists, and so is its reader.
        model: The trained network and its card.
        run: Says where its images are; None for a model file alone.
        int8: Quantize it.
        opset: Version of the ONNX operators.
        images: A folder of images to compare on, in place of the run's test images.
        quiet: Show no progress.

    Raises:
        UsageError: There are no images, or no such opset.
        ConvscopeError: The network can't be exported, the export differs from it, or
            quantization costs too much.
    """
    card = model.card
    if not OPSET <= opset <= onnx.defs.onnx_opset_version():
        raise UsageError(
            f"--opset must be from {OPSET} to {onnx.defs.onnx_opset_version()}; given {opset}."
        )
    if int8 and (run is None or not run.recipe.data):
        raise UsageError(
            "--int8 needs the run's training images, for the ranges of values, and its test "
            "images, for the accuracy. Give the folder of a run that was trained on a data set, "
            "not a model file alone or a run on arrays."
        )
    room = sum(tensor.nbytes for tensor in model.network.state_dict().values())
    if room > MOST_BYTES:
        raise ConvscopeError(
            f"The network's weights take {room / 2**30:.1f} GiB, and one ONNX file holds less "
            "than 2. Use model.safetensors, which has no such limit."
        )
    tried_on = originals(run, card, images)
    part = export_network(model, opset)
    whole = assemble(part, model)
    session = _open(whole)
    agreement = check_agreement(session, model, tried_on, quiet=quiet)
    quantization = None
    if int8 and run is not None:
        own = run_splits(run, None, card)
        calibration = quantize.calibration_images(own.get("train"), card)
        quantized = assemble(quantize.quantize_network(part, calibration), model)
        small = _open(quantized)
        quantization = quantize.measure_quantization(
            session, small, images_to_compare(own.splits), card, len(calibration), quiet=quiet
        )
        whole, session = quantized, small
    _note(whole, agreement, quantization)
    onnx.checker.check_model(whole, full_check=True)
    with atomic_path(file) as temporary:
        temporary.write_bytes(whole.SerializeToString())
    write_text(reader_path(file), reader_text(file))
    return OnnxExport(
        file=file,
        reader=reader_path(file),
        network=model.name,
        bytes=whole.ByteSize(),
        opset=opset,
        milliseconds=session.milliseconds(card.size),
        agreement=agreement,
        int8=quantization,
    )


def reader_path(file: Path) -> Path:
    """Where the reader of an ONNX file is written."""
    return file.with_name(f"{file.stem}_reader.py")


def reader_text(file: Path) -> str:
    """The program `reader`, for one file."""
    text = Path(reader.__file__).read_text(encoding="utf-8")
    return text.replace('"model.onnx"', repr(file.name))  # quotes and all, whatever the name is


def _open(model: onnx.ModelProto) -> Session:
    content = model.SerializeToString()
    try:
        return Session(content)
    except Exception as error:  # ONNX Runtime has a class of its own for every kind of failure
        first = (str(error).splitlines() or [type(error).__name__])[0]
        reason = first.rpartition(". ")[2]  # before it comes where in its own source that is
        raise ConvscopeError(
            "ONNX Runtime can't open the exported model; a lower --opset may help. It says: "
            f"{reason}"
        ) from error


def _note(model: onnx.ModelProto, agreement: Agreement, quantization: Quantization | None) -> None:
    """Write into the model how it was checked."""
    facts = {
        "precision": "float32" if quantization is None else "int8",
        "agreement": json.dumps(agreement.as_dict()),
    }
    if quantization is not None:
        facts["int8"] = json.dumps(quantization.as_dict())
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=value)
