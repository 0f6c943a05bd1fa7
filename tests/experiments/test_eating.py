"""What is in the stomach: the integral by hand, the sum, and which way round g stands."""

import numpy as np
import pytest

from convscope.errors import UsageError
from convscope.experiments import eating
from convscope.experiments.eating import convolve_meals, left
from convscope.look.language import use_language
from tests.experiments.results import check_result


def test_the_sum_comes_to_the_integral():
    found = convolve_meals(14.0)
    meal = 800 * 2 * (np.exp(-0.5) - np.exp(-1.0)) + 600 * 2 * (np.exp(-2.75) - np.exp(-3.0))
    assert found.exact == pytest.approx(meal)
    errors = [abs(each - found.exact) for each in found.sums]
    assert errors == sorted(errors, reverse=True)
    assert found.error < 1e-3
    assert "14:00" in check_result(found)


def test_the_curve_is_the_same_at_every_hour():
    found = convolve_meals(18.75)
    for hour in (7, 10, 20):
        place = int(np.searchsorted(found.hours, hour))
        exact = convolve_meals(float(found.hours[place])).exact
        assert found.contents[place] == pytest.approx(exact, abs=3)


def test_what_has_not_been_eaten_is_not_there():
    assert convolve_meals(7.0).exact == 0
    assert left([-1, 0, 2]).tolist() == pytest.approx([0, 1, np.exp(-1)])
    found = convolve_meals(12.5)
    assert found.left[found.hours > 12.5].max() == 0


def test_a_convolution_that_does_not_flip_is_noticed(monkeypatch):
    right = eating.continuous_convolution
    monkeypatch.setattr(
        eating,
        "continuous_convolution",
        lambda f, g, t, **settings: right(f, lambda age: g(-age), t, **settings),
    )
    assert convolve_meals(14.0).error > 0.1


def test_times_outside_the_day_are_refused():
    with pytest.raises(UsageError, match="0 to 24 hours"):
        convolve_meals(25)
    with pytest.raises(UsageError, match="0 to 24 hours"):
        convolve_meals(14, meals=((13, 12, 100),))
    with pytest.raises(UsageError, match="divide a day"):
        convolve_meals(14, widths=(0.7,))


def test_portions_are_said_in_chinese():
    with use_language("zh"):
        shown = str(convolve_meals(14.0))
    assert all(each in shown for each in ("\n2 小时 ", "\n30 分钟 ", "\n7 分 30 秒 "))
    assert " min" not in shown
