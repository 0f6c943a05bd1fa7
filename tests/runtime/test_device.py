import pytest
import torch

from convscope.errors import UsageError
from convscope.runtime.device import choose_device, describe, seed_random_numbers


def test_auto_finds_what_there_is():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    if torch.backends.mps.is_available():
        expected = "mps"
    assert choose_device().type == expected


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "", "cpu0"])
def test_a_device_that_is_not_there(name):
    with pytest.raises(
        UsageError, match=rf"Device '{name}' isn't available here. Accepted: auto, cpu"
    ):
        choose_device(name)


def test_the_machine_is_described():
    facts = describe()
    assert facts["torch"] == torch.__version__
    assert facts["threads"] >= 1
    assert facts["processor"]


def test_seeding_gives_the_numbers_of_manual_seed():
    with torch.random.fork_rng():
        for seed in (0, 7, 2**64 - 1):
            torch.manual_seed(seed)
            expected = torch.rand(5)
            seed_random_numbers(torch.device("cpu"), seed)
            assert torch.equal(torch.rand(5), expected)
