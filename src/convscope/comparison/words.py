"""The result of a test of difference, in a sentence that needs no statistics to read."""

from __future__ import annotations

from convscope.comparison.contender import Contender
from convscope.comparison.pairs import Pair
from convscope.comparison.power import LEVEL, fewest_seeds
from convscope.comparison.significance import McNemar, Permutation

RARELY = 1e-4


def sentence(pair: Pair) -> str:
    """What a pair came to.

    As in "resnet9 is better than lenet: 92.36 % against 84.50 %, a difference of 7.86 points on
    the same 10,000 pictures. Chance alone would give one as large less than once in 10,000 times
    (McNemar)."
    """
    first, second = pair.first.name, pair.second.name
    if pair.outcome is None:
        return f"{first} and {second} can't be compared: {pair.reason}."
    figures = f"{_figures(pair)}. {_chance(pair)}"
    if pair.is_shown:
        return f"{first} is better than {second}: {figures}{_only_the_seed(pair)}"
    begin = f"No difference can be shown between {first} and {second}"
    return f"{begin}: {figures}{_what_it_takes(pair)}{_only_the_seed(pair)}"


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
    pictures = f"the same {pair.first.judged[0].pictures:,} pictures"
    points = f"{100 * pair.difference:.2f} points"
    if isinstance(pair.outcome, McNemar):
        wrong = {each.judged[0].wrong for each in (pair.first, pair.second)}
        if len(wrong) == 1:
            return f"{shares}, and wrong on exactly the same of {pictures}"
    return f"{shares}, a difference of {points} on {pictures}"


def _accuracy(contender: Contender) -> str:
    mean = f"{100 * contender.spread.mean:.2f} %"
    seeds = len(contender.accuracies)
    if not contender.is_group:
        return mean
    return f"{mean} (mean of {seeds} seeds)" if seeds > 1 else f"{mean} (1 seed)"


def _chance(pair: Pair) -> str:
    """How often chance alone does as much, and the test that says so."""
    method = "McNemar"
    if isinstance(pair.outcome, Permutation):
        drawn = "all" if pair.outcome.exact else "a random"
        method = f"permutation test, {drawn} {pair.outcome.divisions:,} divisions"
    if pair.comparisons > 1:
        method += f"; corrected for {pair.comparisons} comparisons"
    return f"Chance alone would give one as large {how_often(pair.corrected)} ({method})."


def _what_it_takes(pair: Pair) -> str:
    """What would be needed to see the difference, if there is one."""
    if isinstance(pair.outcome, Permutation) and pair.outcome.least * pair.comparisons > LEVEL:
        return _too_few_seeds(pair)
    if pair.needed is None:
        return ""
    unit = "test pictures" if isinstance(pair.outcome, McNemar) else "seeds of each"
    number = f"{_rounded(pair.needed):,}"
    return f" To see a difference this small you would need about {number} {unit}."


def _too_few_seeds(pair: Pair) -> str:
    seeds = [len(each.accuracies) for each in (pair.first, pair.second)]
    apart = min(pair.first.accuracies) > max(pair.second.accuracies)
    every = f" Every seed of {pair.first.name} is above those of {pair.second.name}, but from"
    fewest = fewest_seeds(pair.comparisons)
    text = (
        f"{every if apart else ' From'} {seeds[0]} and {seeds[1]} seeds no difference can be "
        f"shown, however large: it takes at least {fewest} of each"
    )
    if pair.needed is not None and pair.needed > fewest:
        text += f", and to see one this small about {_rounded(pair.needed):,}"
    return f"{text}."


def _only_the_seed(pair: Pair) -> str:
    if pair.differing_fields == ["seed"]:
        return " The two recipes differ in the seed alone, so this is what chance makes of one."
    return ""


def _rounded(number: float) -> int:
    """Two digits, as an estimate deserves."""
    return int(float(f"{number:.2g}"))
