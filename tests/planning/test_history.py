import math
import random

import pytest

from convscope.folders import cache_folder
from convscope.planning.history import ForecastOutcome, outcomes, remember, with_range

pytestmark = pytest.mark.usefixtures("own_cache")


def outcome(ratio):
    return ForecastOutcome("step", 1.0, ratio, "lenet", 64, "float32")


def test_ranges_hold_nine_outcomes_in_ten():
    chance = random.Random(1)
    past = [outcome(math.exp(chance.gauss(0.1, 0.2))) for _ in range(100)]
    expected = with_range(1.0, "step", past)
    next_ones = [math.exp(chance.gauss(0.1, 0.2)) for _ in range(2000)]
    inside = sum(expected.low <= each <= expected.high for each in next_ones)
    assert 0.82 < inside / 2000 < 0.97


def test_what_is_remembered_is_read_again_and_other_lines_are_passed_over():
    remember(outcome(1.5))
    with (cache_folder() / "forecasts.jsonl").open("a") as file:
        file.write("not JSON\n")
    remember(outcome(2.0))
    assert [each.actual for each in outcomes("step")] == [1.5, 2.0]
    assert outcomes("memory") == []


def test_doubt_widens_the_range():
    sure, unsure = with_range(1.0, "step", []), with_range(1.0, "step", [], doubt=1.0)
    assert unsure.high > sure.high > 1 > sure.low > unsure.low


@pytest.mark.parametrize(("bias", "spread"), [(0.0, 0.08), (0.3, 0.2), (-0.5, 0.4)])
def test_coverage_over_many_histories(bias, spread):
    chance = random.Random(7)
    shares = []
    for _ in range(60):
        past = [outcome(math.exp(chance.gauss(bias, spread))) for _ in range(100)]
        expected = with_range(1.0, "step", past)
        next_ones = [math.exp(chance.gauss(bias, spread)) for _ in range(200)]
        shares.append(sum(expected.low <= each <= expected.high for each in next_ones) / 200)
    assert 0.85 < sum(shares) / len(shares) < 0.95
