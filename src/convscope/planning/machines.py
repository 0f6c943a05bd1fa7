"""Machines that one doesn't have, as their makers describe them (machines.toml)."""

from __future__ import annotations

import importlib.resources
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pydantic

from convscope.errors import unknown_name
from convscope.look.numbers import size
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class MachineSpec(pydantic.BaseModel, frozen=True, extra="forbid"):
    """What its maker states of a machine.

    Attributes:
        name: In words.
        kind: "gpu" or "cpu".
        float32: Floating-point operations per second.
        tf32: Floating-point operations per second for float32 with shortened mantissa, which
            PyTorch uses for convolutions.
        bfloat16: Floating-point operations per second on matrix units; None: there are none, so
            that bfloat16 isn't worthwhile.
        bandwidth: Bytes per second between the memory and the processor.
        memory: Size of the memory in bytes; None: differs from one to the other.
        source: Document in which the figures stand.
    """

    name: str
    kind: Literal["gpu", "cpu"]
    float32: pydantic.PositiveFloat
    tf32: pydantic.PositiveFloat | None = None
    bfloat16: pydantic.PositiveFloat | None = None
    bandwidth: pydantic.PositiveFloat
    memory: pydantic.PositiveFloat | None = None
    source: str


@cache
def machines() -> dict[str, MachineSpec]:
    """The machines that are known, by their short names."""
    file = importlib.resources.files("convscope.planning") / "machines.toml"
    table = tomllib.loads(file.read_text("utf-8"))
    return {name: MachineSpec.model_validate(fields) for name, fields in table.items()}


def find_machine(name: str) -> MachineSpec:
    """The machine of that short name.

    Raises:
        UsageError: There is none; suggests the nearest.
    """
    known = machines()
    if name.lower() not in known:
        raise unknown_name("machine", name, known)
    return known[name.lower()]


@dataclass(frozen=True)
class MachineList(Printed):
    """Machines beside one another.

    Attributes:
        specs: What their makers state, by short name.
    """

    specs: Mapping[str, MachineSpec]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; operations and bytes per second, bytes."""
        return {name: each.model_dump() for name, each in self.specs.items()}

    def shown(self) -> Iterator[Part]:
        """A row for each machine."""
        rows = []
        for name, each in self.specs.items():
            rates = (each.float32, each.tf32, each.bfloat16)
            rows.append(
                (
                    name,
                    each.name,
                    *(f"{rate / 1e12:,.3g}" if rate else "" for rate in rates),
                    f"{each.bandwidth / 1e9:,.0f} GB/s",
                    size(each.memory) if each.memory else "",
                )
            )
        headings = ("name", "machine", "float32", "TF32", "bfloat16", "bandwidth", "memory")
        yield TextTable("", headings, rows, left=frozenset({0, 1}))
        yield Paragraph("")
        yield Paragraph("Rates in TFLOP/s. Sources: convscope plan --on list --json")
