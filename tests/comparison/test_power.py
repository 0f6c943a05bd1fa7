import numpy as np
import pytest

from convscope.comparison.power import fewest_seeds, images_needed, seeds_needed
from convscope.comparison.significance import mcnemar, permutation_test


def test_so_many_images_show_the_difference_in_about_80_of_100_tries():
    needed = images_needed(60, 40, 1000)  # 6 % and 4 % of the images
    random = np.random.default_rng(0)
    seen = 0
    for _ in range(400):
        first, second, _ = random.multinomial(needed, [0.06, 0.04, 0.9])
        seen += mcnemar(int(first), int(second)).p_value <= 0.05
    assert 0.72 < seen / 400 < 0.88


@pytest.mark.slow
def test_so_many_seeds_show_the_difference_in_about_80_of_100_tries():
    first, second = [0.90, 0.91, 0.92, 0.93], [0.893, 0.903, 0.913, 0.923]
    needed = seeds_needed(first, second)
    deviation = np.std(first, ddof=1)
    random = np.random.default_rng(0)
    seen = 0
    for _ in range(60):
        groups = [random.normal(mean, deviation, needed) for mean in (0.915, 0.908)]
        seen += permutation_test(*groups).p_value <= 0.05
    assert 0.65 < seen / 60 < 0.95


def test_a_smaller_difference_needs_more():
    assert images_needed(101, 99, 1000) > 50 * images_needed(110, 90, 1000)
    assert images_needed(10, 10, 1000) is None
    assert seeds_needed([0.9, 0.8], [0.8, 0.9]) is None
    assert seeds_needed([0.9], [0.8]) is None
    assert seeds_needed([0.9, 0.91], [0.1, 0.11]) == 4


@pytest.mark.parametrize(("comparisons", "seeds"), [(1, 4), (3, 5), (10, 6)])
def test_fewest_seeds(comparisons, seeds):
    assert fewest_seeds(comparisons) == seeds
    apart = [1 + n / 100 for n in range(seeds)], [n / 100 for n in range(seeds)]
    assert comparisons * permutation_test(*apart).p_value <= 0.05
    fewer = [each[:-1] for each in apart]
    assert comparisons * permutation_test(*fewer).p_value > 0.05
