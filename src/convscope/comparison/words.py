"""The result of a test of difference, in a sentence that needs no statistics to read."""

from __future__ import annotations

from convscope.comparison.contender import Contender
from convscope.comparison.pairs import Pair
from convscope.comparison.power import LEVEL, fewest_seeds
from convscope.comparison.significance import McNemar, Permutation
from convscope.look.numbers import percent

RARELY = 1e-4


def sentence(pair: Pair) -> str:
    """What a pair came to.

    As in "resnet9 is better than lenet: 92.36 % against 84.50 %, a difference of 7.86 points on
    the same 10,000 images. Chance alone would give one as large less than once in 10,000 times
    (McNemar)."
    """
    result = in_short(pair, pair.first.name, pair.second.name)
    if pair.outcome is None:
        return f"{result}: {pair.reason}."
    if isinstance(pair.outcome, McNemar) and _wrong(pair.first) == _wrong(pair.second):
        which = "the same ones" if _wrong(pair.first) else "none"
        images = pair.first.evaluated[0].images
        return f"{result}: of {images:,} images both get {which} wrong."
    text = f"{result}: {_figures(pair)}. {_chance(pair, pair.outcome)}"
    if pair.has_too_few_seeds:
        text += _too_few_seeds(pair)
    elif not pair.is_shown and pair.needed is not None:
        unit = "test images" if isinstance(pair.outcome, McNemar) else "seeds of each"
        number = f"{_rounded(pair.needed):,}"
        text += f" To see a difference this small you would need about {number} {unit}."
    if pair.differing_fields == ["seed"]:
        text += " The two recipes differ in the seed alone, so this is what chance makes of one."
    return text


def in_short(pair: Pair, first: str, second: str) -> str:
    """What a pair came to, without figures.

    Args:
        pair: The pair.
        first: What to call the first of it.
        second: What to call the second.
    """
    if pair.outcome is None:
        return f"{first} and {second} can't be compared"
    if pair.is_shown:
        return f"{first} is better than {second}"
    if pair.has_too_few_seeds:
        return f"Too few seeds to tell {first} from {second}"
    return f"No difference can be shown between {first} and {second}"


def how_often(p_value: float) -> str:
    """A p-value as people count: "about 3 times in 100"."""
    if p_value < RARELY:
        return "less than once in 10,000 times"
    if p_value < 0.015:
        return f"about once in {_rounded(1 / p_value):,} times"
    if p_value > 0.995:
        return "nearly always"
    return f"about {round(100 * p_value)} times in 100"


def _figures(pair: Pair) -> str:
    shares = f"{_accuracy(pair.first)} against {_accuracy(pair.second)}"
    images = f"the same {pair.first.evaluated[0].images:,} images"
    return f"{shares}, a difference of {100 * pair.difference:.2f} points on {images}"


def _wrong(contender: Contender) -> frozenset[int]:
    return contender.evaluated[0].wrong


def _accuracy(contender: Contender) -> str:
    mean = percent(contender.spread.mean, 2)
    seeds = len(contender.accuracies)
    if not contender.is_group:
        return mean
    return f"{mean} (mean of {seeds} seeds)" if seeds > 1 else f"{mean} (1 seed)"


def _chance(pair: Pair, outcome: McNemar | Permutation) -> str:
    """How often chance alone does as much, and the test that says so."""
    method = "McNemar"
    if isinstance(outcome, Permutation):
        drawn = "all" if outcome.exact else "a random"
        method = f"permutation test, {drawn} {outcome.divisions:,} divisions"
    text = f"Chance alone would give one as large {how_often(outcome.p_value)} ({method})"
    if pair.comparisons > 1 and pair.is_shown:
        return f"{text}, rare enough even for one of {pair.comparisons} comparisons."
    if pair.comparisons > 1 and outcome.p_value <= LEVEL:
        return f"{text}, not rare enough for one of {pair.comparisons} comparisons."
    return f"{text}."


def _too_few_seeds(pair: Pair) -> str:
    """What could be shown from how many seeds."""
    first, second = pair.first, pair.second
    text = ""
    if min(first.accuracies) > max(second.accuracies):
        above = f"Every seed of {first.name}" if first.is_group else first.name
        text = f" {above} is above {'every seed of ' if second.is_group else ''}{second.name}, but"
    fewest = fewest_seeds(pair.comparisons)
    seeds = f"{len(first.accuracies)} and {len(second.accuracies)} seeds"
    text += (
        f" {'from' if text else 'From'} {seeds} no difference can be shown, however large: it "
        f"takes at least {fewest} of each"
    )
    if pair.needed is not None and pair.needed > fewest:
        text += f", and to see one this small about {_rounded(pair.needed):,}"
    return f"{text}."


def _rounded(number: float) -> int:
    """Two digits, as an estimate deserves."""
    return int(float(f"{number:.2g}"))
