"""What forecasts a workload, in each precision that training may choose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from convscope.errors import ConvscopeError
from convscope.planning.forecaster import Forecaster
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.planning.workload import Workload
from convscope.runtime.convolution_plan import make_plan
from convscope.runtime.execution import Precision
from convscope.runtime.trial import shorten_reason

CHOOSING_SECONDS = 0.3  # for timing operations in each precision, to choose one
MATRICES_SECONDS = 0.5  # for measuring which convolutions matrices do faster; training takes longer


def make_forecasters(workload: Workload) -> list[Forecaster]:
    """What forecasts a run at any batch size: one for each precision, the faster one first.

    Args:
        workload: What is to be forecast. Its recipe's precision says which; "auto": both.

    Raises:
        ConvscopeError: A step of the network can't be taken.
    """
    batch_size, precision = workload.recipe.batch_size, workload.recipe.precision
    with explain_failure(workload):
        if workload.no_bfloat16:
            only = _in_precision(workload, "float32")
            only.more_notes = (
                "Training computes in float32: an operation of the network has no form in bfloat16 "
                f"({shorten_reason(workload.no_bfloat16)}).",
            )
            _ = only.step
            return [only]
        if precision != "auto":
            only = _in_precision(workload, precision)
            _ = only.step
            return [only]
        short, long = _in_precision(workload, "bfloat16"), _in_precision(workload, "float32")
        in_bfloat16, in_float32 = (
            each.computing_seconds(batch_size, CHOOSING_SECONDS) for each in (short, long)
        )
    if in_float32 <= in_bfloat16:
        return [long, short]
    short.more_notes = (
        "Training first tries whether bfloat16 does harm to this network. If so, it computes in "
        f"float32, and a step takes about {in_float32 / in_bfloat16:.2g} times as long.",
    )
    return [short, long]


@contextmanager
def explain_failure(workload: Workload) -> Iterator[None]:
    """Within, what fails as a network is followed becomes an error in words.

    Args:
        workload: Whose network is followed.

    Raises:
        ConvscopeError: Something failed.
    """
    try:
        yield
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConvscopeError(
            f"{workload.name} can't be forecast: a training step with it fails on "
            f"images of shape {workload.image_shape}: {' '.join(str(error).split())[:200]}"
        ) from error


def choose_recomputation(workload: Workload) -> Workload:
    """The workload with the blocks to recompute, where its recipe leaves the choice ("auto")."""
    if workload.recipe.recompute != "auto":
        return workload
    chosen = plan_recomputation(
        workload.plain_network,
        workload.image_shape,
        workload.execution,
        workload.recipe,
    )
    return replace(workload, recipe=workload.recipe.replace(recompute=chosen.blocks))


def _in_precision(workload: Workload, precision: Precision) -> Forecaster:
    """In this precision, with the algorithms that training would choose by measuring."""
    execution = replace(workload.execution, precision=precision)
    if execution.device.type == "cpu":
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        same = {layer._replace(dtype=dtype) for layer in workload.convolutions}
        with execution.using_threads():
            matrices = dict(make_plan(same, workload.recipe.batch_size, MATRICES_SECONDS))
        execution = replace(execution, plan=matrices)
    return Forecaster(choose_recomputation(replace(workload, execution=execution)))
