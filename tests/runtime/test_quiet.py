"""What PyTorch says to its developers stays away, and only while it is asked for."""

import logging
import threading
import warnings
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from convscope.runtime.quiet import quiet_compiler, quiet_torch


@pytest.fixture
def own_level():
    logger = logging.getLogger("torch.convscope_test")
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.setLevel(logging.NOTSET)


def test_loggers_with_levels_of_their_own_are_silent_within_and_as_before_after(own_level, caplog):
    torch_level = logging.getLogger("torch").level
    with quiet_torch():
        own_level.critical("within")
        logging.getLogger("torch.made_within").error("within")
    own_level.error("after")
    assert [record.message for record in caplog.records] == ["after"]
    assert own_level.level == logging.DEBUG
    assert logging.getLogger("torch").level == torch_level


def test_what_a_logger_has_found_before_counts_no_more(own_level):
    def heard():
        return [logging.getLogger(name).isEnabledFor(logging.CRITICAL) for name in names]

    names = (own_level.name, "torch", "onnx_ir")
    assert heard() == [True, True, True]  # which loggers remember until a level is set
    with quiet_torch():
        assert heard() == [False, False, False]
    assert heard() == [True, True, True]


def test_levels_come_back_after_an_error_and_from_within_another(own_level):
    def fail():
        with quiet_torch():
            with quiet_torch():
                pass
            assert not own_level.isEnabledFor(logging.CRITICAL)
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail()
    assert own_level.isEnabledFor(logging.DEBUG)


def test_warnings_of_torch_are_kept_back_and_those_of_a_module_are_not():
    layer = nn.Conv2d(1, 1, 2, padding="same")  # of which PyTorch warns
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quiet_torch():
            layer(torch.zeros(1, 1, 8, 8))
            warnings.warn("mine", stacklevel=1)
    assert [str(each.message) for each in caught] == ["mine"]


def test_of_two_threads_the_last_to_leave_puts_everything_back(own_level):
    filters = list(warnings.filters)
    inside, may_leave = threading.Event(), threading.Event()

    def be_quiet():
        with quiet_torch():
            inside.set()
            assert may_leave.wait(60)
            return own_level.isEnabledFor(logging.CRITICAL)

    with ThreadPoolExecutor(1) as pool:
        with quiet_torch():
            other = pool.submit(be_quiet)
            assert inside.wait(60)
        may_leave.set()
        assert other.result() is False
    assert own_level.level == logging.DEBUG
    assert warnings.filters == filters


def test_a_compiled_network_or_part_keeps_torch_quiet():
    part = nn.Sequential(OrderedDict(_orig_mod=nn.Linear(2, 2)))  # as torch.compile wraps
    for network in (part, nn.Sequential(part)):
        with quiet_compiler(network):
            assert logging.getLogger("torch").level > logging.CRITICAL
    before = logging.getLogger("torch").level
    for other in (nn.Linear(2, 2), "lenet"):
        with quiet_compiler(other):
            assert logging.getLogger("torch").level == before
