"""The numbers of a trace: one row for each layer or block, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from convscope.inspection.receptive_field.layer_fields import LayerField


@dataclass(frozen=True)
class TracedLayer:
    """One layer, or a block of them.

    Attributes:
        name: The layer's name in the graph; for a block, the module's path.
        kind: The layer's usual name, as in "convolution"; for a block, what it consists of.
        description: The kind with sizes, as in "convolution 3×3, stride 2".
        output_shape: The output's shape without the batch axis.
        parameters: Numbers that are learned, without those that an earlier row has counted.
        shared: Paths of the parameters that an earlier row has counted.
        macs: Multiply-accumulate operations forward, for one image.
        flops: Floating-point operations forward.
        backward_flops: Floating-point operations backward.
        activation_bytes: Memory of the outputs for one image.
        receptive_field: What each unit of the output sees; None where none depends on the image.
        parts: The rows that a block unfolds to.
    """

    name: str
    kind: str
    description: str
    output_shape: tuple[int, ...]
    parameters: int
    shared: tuple[str, ...]
    macs: int
    flops: int
    backward_flops: int
    activation_bytes: int
    receptive_field: LayerField | None
    parts: tuple[TracedLayer, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """All but the parts, as plain data."""
        seen = self.receptive_field
        return {
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
            "output_shape": list(self.output_shape),
            "parameters": self.parameters,
            "shared": list(self.shared),
            "macs": self.macs,
            "flops": self.flops,
            "backward_flops": self.backward_flops,
            "activation_bytes": self.activation_bytes,
            "receptive_field": None if seen is None else seen.as_dict(),
        }


@dataclass(frozen=True)
class TraceNumbers:
    """What is known of a network, layer by layer and in all.

    Attributes:
        network: The network's name.
        image: (channels, height, width) of the image it was traced with.
        layers: Every operation, in the order of execution.
        blocks: The same, folded to blocks.
        parameters: All parameters of the network.
        macs: Multiply-accumulate operations forward, for one image.
        flops: Floating-point operations forward, for one image.
        backward_flops: Floating-point operations backward, for one image.
        activation_bytes: Memory of all outputs for one image.
        uncounted: Layers whose operations could not be counted.
        notes: What else a person should know.
    """

    network: str
    image: tuple[int, ...]
    layers: tuple[TracedLayer, ...] = field(repr=False)
    blocks: tuple[TracedLayer, ...] = field(repr=False)
    parameters: int
    macs: int
    flops: int
    backward_flops: int
    activation_bytes: int
    uncounted: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All as plain data, layers unfolded."""
        return {
            "network": self.network,
            "image": list(self.image),
            "layers": self.rows(),
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": self.flops,
            "backward_flops": self.backward_flops,
            "activation_bytes": self.activation_bytes,
            "uncounted": list(self.uncounted),
            "notes": list(self.notes),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One dict a layer, as `pandas.DataFrame` takes them."""
        return [row.as_dict() for row in self.layers]
