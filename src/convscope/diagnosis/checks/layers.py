"""Checks inside the network: units, gradients, weights."""

from __future__ import annotations

import math

from convscope.diagnosis.activations import Activation
from convscope.diagnosis.finding import OTHER_START, Check, RunFinding, Severity
from convscope.diagnosis.gradients import LayerGradient
from convscope.diagnosis.measurements import Measurements
from convscope.look.names import join_names
from convscope.look.numbers import percent

MANY_STUCK = 0.5  # share of a layer's units
NEARLY_ALL = 0.9
MANY_AT_END = 0.75  # share of a layer's values
LOW_BIAS = -1.0
VANISHED = 1e-5  # gradient over weights of a layer, beside the largest of all layers
EXPLODED = 100.0  # gradient over weights
UNMOVED = 1e-7  # relative change of the weights


def check_dead_units(measured: Measurements) -> Check:
    """Are there ReLUs that give 0 on every image?"""
    name = "dead units"
    relus = [each for each in measured.activations if each.kind == "ReLU"]
    if not relus:
        return Check(name, "no ReLUs in this network")
    worst = max(relus, key=lambda each: each.stuck)
    figures = (
        f"at most {percent(worst.stuck, 0)} of the ReLUs of a layer give 0 on all of "
        f"{measured.images} images ({worst.layer!r})"
    )
    dead = [each for each in relus if each.stuck >= MANY_STUCK]
    if not dead:
        return Check(name, figures)
    layer = dead[0]  # the first on the way: later ones may be dead because of it
    at_first = {each.layer: each.stuck for each in measured.activations_first}[layer.layer]
    more = f" So it is in {len(dead) - 1} later layers." if len(dead) > 1 else ""
    evidence = (
        f"{round(layer.stuck * layer.units)} of {layer.units} ReLUs of layer "
        f"{layer.layer!r} give 0 on all of {measured.images} training images "
        f"(when the run began: {percent(at_first, 0)}), so no gradient passes through them.{more}"
    )
    change, options = _revive(measured, layer, at_first)
    severity = (
        Severity.WARNING if measured.has_learned and layer.stuck < NEARLY_ALL else Severity.FAULT
    )
    return Check(
        name,
        figures,
        (RunFinding("Dead ReLUs", evidence, change, severity, options, layer.layer),),
    )


def _revive(measured: Measurements, layer: Activation, at_first: float) -> tuple[str, str]:
    """What to change so that these units live."""
    bias = _bias_before(measured, layer)
    if at_first >= MANY_STUCK and bias is not None and bias < LOW_BIAS:
        return (
            f"The bias of layer {layer.before!r} is {bias:.3g} on average when the run begins. "
            f"Begin with 0: torch.nn.init.zeros_(network.{layer.before}.bias).",
            "",
        )
    if at_first >= MANY_STUCK:
        return OTHER_START
    rate = measured.subject.recipe.learning_rate / 10
    return "They died in training: take smaller steps.", f"--lr {rate:g}"


def _bias_before(measured: Measurements, layer: Activation) -> float | None:
    """Mean bias of the layer that feeds the activation function, when the run began."""
    if not layer.before:
        return None
    bias = getattr(measured.subject.job.network.get_submodule(layer.before), "bias", None)
    return None if bias is None else float(bias.detach().mean())


def check_saturated_units(measured: Measurements) -> Check:
    """Do sigmoid or tanh units sit at the flat ends of their range?"""
    name = "saturated units"
    flat = [each for each in measured.activations if each.kind != "ReLU"]
    if not flat:
        return Check(name, "no sigmoid or tanh in this network")
    worst = max(flat, key=lambda each: each.stuck)
    figures = (
        f"at most {percent(worst.stuck, 0)} of the {worst.kind} units of a layer stay at an end of "
        f"their range on {measured.images} images ({worst.layer!r}); of all values, "
        f"{percent(max(each.share_at_end for each in flat), 0)} at most"
    )
    stuck = [each for each in flat if each.stuck >= MANY_STUCK]
    if not stuck:
        return Check(name, figures)
    layer = stuck[0]
    at_first = {each.layer: each.share_at_end for each in measured.activations_first}[layer.layer]
    evidence = (
        f"{percent(layer.stuck, 0)} of the {layer.kind} units of layer {layer.layer!r} stay "
        "within 5 % of "
        f"an end of their range on all of {measured.images} training images, where the "
        f"curve is flat and no gradient passes. When the run began, {percent(at_first, 0)} of the "
        "layer's "
        "values were there."
    )
    if at_first >= MANY_AT_END:
        change = "The first weights are too large: take others."
        options = "--set initialization=xavier"
    else:
        rate = measured.subject.recipe.learning_rate / 10
        change, options = (
            "They were driven there in training: take smaller steps.",
            f"--lr {rate:g}",
        )
    severity = Severity.WARNING if measured.has_learned else Severity.FAULT
    found = RunFinding("Saturated units", evidence, change, severity, options, layer.layer)
    return Check(name, figures, (found,))


def check_gradients(measured: Measurements) -> Check:
    """Is the gradient of every layer of a size that its weights can use?"""
    name = "gradients"
    layers = [each for each in measured.gradients.layers if each.ratio is not None]
    ratios = [each.ratio for each in layers if each.ratio is not None]
    if not ratios:
        return Check(name, "no layer has a gradient")
    if not all(map(math.isfinite, ratios)):
        return Check(name, "gradients aren't numbers")
    smallest = layers[ratios.index(min(ratios))]
    largest = layers[ratios.index(max(ratios))]
    figures = (
        f"gradient over weights from {min(ratios):.1e} ({smallest.name!r}) to "
        f"{max(ratios):.1e} ({largest.name!r})"
    )
    found = _exploding(measured, layers) or _vanishing(measured, smallest, largest)
    return Check(name, figures, () if found is None else (found,))


def _exploding(measured: Measurements, layers: list[LayerGradient]) -> RunFinding | None:
    largest = max(layers, key=lambda each: each.ratio or 0.0)
    ratio = largest.ratio or 0.0
    if ratio < EXPLODED:
        return None
    first = {each.name: each.ratio for each in measured.gradients_first.layers}[largest.name]
    evidence = (
        f"The gradient of layer {largest.name!r} is {ratio:,.0f} times as large as its weights "
        f"(when the run began: {first or 0:,.2g} times): a step at rate "
        f"{measured.subject.recipe.learning_rate:g} throws them far away."
    )
    if (first or 0.0) >= EXPLODED:
        change, options = "Give the layers other first weights.", "--set initialization=kaiming"
    else:
        change, options = "Limit the length of the gradient.", "--set clip_gradient=1"
    severity = Severity.WARNING if measured.has_learned else Severity.FAULT
    return RunFinding("Exploding gradients", evidence, change, severity, options, largest.name)


def _vanishing(
    measured: Measurements, smallest: LayerGradient, largest: LayerGradient
) -> RunFinding | None:
    least, most = smallest.ratio or 0.0, largest.ratio or 0.0
    if measured.has_learned or not least < VANISHED * most:
        return None
    if least == 0 and any(each.stuck >= MANY_STUCK for each in measured.activations):
        return None  # that is why, and it has been said
    evidence = (
        f"No gradient at all arrives at layer {smallest.name!r}; that of {largest.name!r} is "
        f"{most:.1e} of its weights. So the first layers don't learn."
        if least == 0
        else f"Beside its weights, the gradient of layer {smallest.name!r} is {least:.1e}, that of "
        f"{largest.name!r} {most:.1e}, {_rounded(most / least):,.0f} times as much. So the first "
        "layers don't learn."
    )
    kinds = sorted({each.kind for each in measured.activations} - {"ReLU"})
    if kinds:
        change = f"Every {kinds[0]} makes the gradient smaller: use nn.ReLU in the hidden layers."
        options = ""
    else:
        change, options = OTHER_START
    return RunFinding(
        "Vanishing gradients", evidence, change, Severity.FAULT, options, smallest.name
    )


def _rounded(number: float) -> float:
    return float(f"{number:.1e}")


def check_moving_weights(measured: Measurements) -> Check:
    """Do the weights of every layer change?"""
    name = "weights"
    subject = measured.subject
    cut = [each for each in measured.gradients.layers if each.gradient is None]
    if cut:
        names = join_names((repr(each.name) for each in cut), most=3)
        is_frozen = cut[0].is_frozen
        why = "they are frozen (requires_grad is False)" if is_frozen else "the loss doesn't reach"
        evidence = f"The weights of {names} get no gradient: " + (
            f"{why}."
            if is_frozen
            else "forward leaves them out, or cuts the way to them (detach, no_grad, .data, item)."
        )
        change = (
            "If that isn't meant, call requires_grad_() on them before training."
            if is_frozen
            else "Use them in forward, without detach() or torch.no_grad()."
        )
        severity = Severity.NOTE if is_frozen else Severity.WARNING
        severity = severity if measured.has_learned else Severity.FAULT
        found = RunFinding("Weights that don't learn", evidence, change, severity, "", cut[0].name)
        return Check(name, f"{len(cut)} layers get no gradient", (found,))
    if not subject.knows_first or subject.step == 0:
        return Check(name, "every layer gets a gradient")
    if subject.is_partly_frozen:
        return Check(name, "lower layers are still frozen, by the recipe")
    moved = _relative_changes(measured)
    least = min(moved, key=lambda each: moved[each])
    figures = (
        f"since the run began, the weights of each layer moved by {moved[least]:.1e} "
        f"({least!r}) to {max(moved.values()):.1e} of their length"
    )
    if moved[least] >= UNMOVED:
        return Check(name, figures)
    arrives = {each.name: each.gradient for each in measured.gradients.layers}[least]
    if arrives == 0:  # not for want of a larger step: units behind the layer are dead
        return Check(name, f"{figures}; no gradient arrives there")
    rate = subject.recipe.learning_rate
    evidence = (
        f"After {subject.step:,} steps the weights of layer {least!r} have moved by "
        f"{moved[least]:.1e} of their length."
    )
    found = RunFinding(
        "Weights that don't move",
        evidence,
        "Take larger steps.",
        Severity.WARNING if measured.has_learned else Severity.FAULT,
        f"--lr {10 * rate:g}",
        least,
    )
    return Check(name, figures, (found,))


def _relative_changes(measured: Measurements) -> dict[str, float]:
    first = dict(measured.subject.job.network.named_parameters())
    changes = {}
    for name, weight in measured.subject.newest.named_parameters():
        if weight.ndim > 1:
            before = first[name].detach()
            change = (weight.detach().cpu() - before.cpu()).norm() / before.norm().clamp(min=1e-12)
            changes[name.removesuffix(".weight")] = float(change)
    return changes
