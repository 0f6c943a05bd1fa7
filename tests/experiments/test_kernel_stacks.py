"""Stacks that see equally far: counted as by hand, timed in turns."""

import dataclasses

import pytest
from torch import nn

import convscope as cs
from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments import kernel_stacks
from tests.experiments.results import check_result


@pytest.fixture(scope="module")
def stacks():
    return experiments.compare_kernel_stacks(channels=4, size=10, images=1, rounds=5)


def test_costs_are_those_counted_by_hand(stacks):
    ten, five = stacks.stacks
    assert ten.field == five.field == 21
    assert ten.parameters == 10 * (9 * 16 + 4)
    assert five.macs == 5 * 25 * 16 * 100
    assert stacks.ratio("macs") == pytest.approx(0.72)
    network = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1) for _ in range(10)))
    assert cs.trace(network, (4, 10, 10)).macs == ten.macs
    assert len(ten.seconds) == len(five.seconds) == 5


def test_the_interval_of_the_ratio_is_that_of_ranks(stacks):
    ten, five = stacks.stacks
    seconds = [float(number) for number in range(1, 32)]
    made = dataclasses.replace(
        stacks,
        stacks=(
            dataclasses.replace(ten, seconds=tuple(seconds)),
            dataclasses.replace(five, seconds=(1.0,) * 31),
        ),
    )
    # Of 31 values the 95 % interval of the median reaches from the 10th or 11th to its mirror.
    assert made.time_ratio() == (16.0, 11.0, 22.0)


def test_times_are_taken_in_turns(monkeypatch):
    order = []

    def note(network, batch):
        order.append(network[0].kernel_size[0])
        return 1.0

    monkeypatch.setattr(kernel_stacks, "_seconds", note)
    experiments.compare_kernel_stacks(channels=2, size=8, rounds=2)
    assert order == [3, 5] * 3  # the first round doesn't count


def test_it_prints_and_draws_itself(stacks):
    text = check_result(stacks)
    assert "10 × 3×3  21 × 21" in text
    assert "72 % of the operations" in text


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="two stacks or more, of odd kernels"):
        experiments.compare_kernel_stacks([(3, 2)])
    with pytest.raises(UsageError, match="odd kernels"):
        experiments.compare_kernel_stacks([(3, 2), (2, 4)])
