"""Integrated gradients: a logit's rise over that of an empty image, shared out to the pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.inspection.attribution.attribution import Attribution, as_heat, freeze, logits_of

FIRST_STEPS = 20
MOST_STEPS = 540  # = 20 · 3³
TOLERANCE = 0.01  # of the rise; of one logit where the rise is smaller than that
PIXELS_AT_ONCE = 1_000_000
IMAGES_AT_ONCE = 64


def integrated_gradients(
    network: nn.Module, image: Tensor, target: int, baseline: Tensor
) -> Attribution:
    """Gradients summed along the straight line from a baseline to the image, times its length.

        a = (x − x₀) ⊙ ∫₀¹ ∂f/∂x (x₀ + α (x − x₀)) dα

    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", 2017, equation 1. Their
    axiom of completeness, Σ a = f(x) − f(x₀), is what the integral promises and a sum only
    approximates. So it is checked, and the line is divided more finely until it holds within
    `TOLERANCE` or `MOST_STEPS` are reached; either way the note says how far it is off. The
    midpoints of three times as many steps contain the old ones, so no gradient is lost.

    Args:
        network: Maps (N, C, H, W) to logits (N, classes). Left as found.
        image: (1, C, H, W), normalized as for training.
        target: The class whose logit is explained.
        baseline: What is called empty, in the image's shape.
    """
    with freeze(network):
        # Copies, because tensors made within torch.inference_mode() know no gradients.
        image, baseline = image.detach().clone(), baseline.detach().clone()
        along = image - baseline
        total = torch.zeros_like(along)
        with torch.no_grad():
            ends = logits_of(network, torch.cat([image, baseline]))[:, target].double()
        rise = float(ends[0] - ends[1])
        allowed = TOLERANCE * max(abs(rise), 1.0)
        steps = FIRST_STEPS
        total += _gradient_sum(network, baseline, along, target, range(steps), steps)
        while abs(_off(along, total, steps, rise)) > allowed and steps < MOST_STEPS:
            steps *= 3
            new = [j for j in range(steps) if j % 3 != 1]  # the others were midpoints before
            total += _gradient_sum(network, baseline, along, target, new, steps)
    values = along * total / steps  # (1, C, H, W)
    off = _off(along, total, steps, rise)
    within = abs(off) <= allowed
    check = f"Check: the pixels add up to {off + rise:+.3f}, the score rises by {rise:+.3f}"
    check += (
        f" (the same within 1 %; {steps} steps)."
        if within
        else f". That is NOT the same within 1 %, even in {steps} steps: read this with care."
    )
    return Attribution(
        "integrated-gradients",
        as_heat(values[0].sum(dim=0)),
        signed=True,
        facts={
            "sum": off + rise,
            "difference": rise,
            "error": off,
            "steps": steps,
            "complete": within,
        },
        note="Red pixels lift the score above that of a black image, blue ones lower it. Pixels "
        f"that are black themselves can't count. {check.replace('-', '−')}",
    )


def _off(along: Tensor, total: Tensor, steps: int, rise: float) -> float:
    """By how much the attributions miss the rise."""
    return float((along * total).double().sum()) / steps - rise


def _gradient_sum(
    network: nn.Module,
    baseline: Tensor,
    along: Tensor,
    target: int,
    numbers: range | list[int],
    steps: int,
) -> Tensor:
    """The gradients at these midpoints of `steps` equal pieces, added up: (1, C, H, W)."""
    alphas = (torch.tensor(list(numbers)) + 0.5) / steps
    alphas = alphas.to(along).view(-1, 1, 1, 1)
    size = max(1, min(IMAGES_AT_ONCE, PIXELS_AT_ONCE // along.numel()))
    total = torch.zeros_like(along)
    for some in torch.split(alphas, size):
        points = (baseline + some * along).requires_grad_()
        logits = logits_of(network, points)[:, target]
        (gradients,) = torch.autograd.grad(logits.sum(), points)
        total += gradients.sum(dim=0, keepdim=True)
    return total
