import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from torch import nn

import convscope as cs
from convscope.errors import ConvscopeError
from convscope.runtime.exclusive import exclusive, in_training, looking_at
from convscope.training import loop


def test_a_second_thread_is_refused_in_words_until_the_first_has_ended():
    begun, may_end = threading.Event(), threading.Event()

    @exclusive("training")
    def work():
        begun.set()
        assert may_end.wait(60)
        return "done"

    @exclusive("a forecast")
    def other():
        return "also"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work)
        assert begun.wait(60)
        with pytest.raises(ConvscopeError, match="busy with training in another thread, and a f"):
            other()
        may_end.set()
        assert first.result() == "done"
    assert other() == "also"


def test_one_thread_may_nest_and_an_error_releases():
    @exclusive("inner")
    def inner(fails):
        if fails:
            raise ValueError("no")
        return 1

    @exclusive("outer")
    def outer(fails):
        return inner(fails)

    assert outer(False) == 1
    with pytest.raises(ValueError, match="no"):
        outer(True)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(outer, False).result() == 1


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_two_trainings_in_two_threads(tmp_path, monkeypatch):
    """One trains and the other is refused, whichever comes first; the process lives on."""
    refused = threading.Event()
    counted = loop.Progress.count

    def count(progress, *arguments):
        assert refused.wait(60)  # nobody has ended when the other asks
        counted(progress, *arguments)

    monkeypatch.setattr(loop.Progress, "count", count)

    def train(number):
        try:
            return cs.train(
                "softmax-regression",
                "digits",
                "fast",
                epochs=1,
                out=tmp_path / str(number),
                quiet=True,
                precision="float32",
            )
        except ConvscopeError as error:
            refused.set()
            return error

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(train, range(2)))
    errors = [each for each in results if isinstance(each, ConvscopeError)]
    assert len(errors) == 1
    assert "use a process for each" in str(errors[0])
    assert isinstance(train(2), cs.Run)


def test_a_network_that_another_thread_trains_is_not_looked_at():
    network = nn.Sequential(nn.Linear(2, 2), nn.ReLU())

    def look(at):
        with looking_at(at):
            return "seen"

    with ThreadPoolExecutor(1) as pool:
        with in_training(network):
            assert look(network) == "seen"  # as the training itself does
            assert pool.submit(look, nn.Linear(2, 2)).result() == "seen"
            with pytest.raises(ConvscopeError, match=r"Linear is being trained in another thread"):
                pool.submit(look, network[0]).result()
        assert pool.submit(look, network).result() == "seen"
