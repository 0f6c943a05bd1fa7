"""A search for an architecture: counted, chosen and stopped as it says.

Tests experiments/architecture_search.py, experiments/architecture_samplers.py,
experiments/search_figure.py.
"""

import sys
from types import SimpleNamespace

import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.experiments import architecture_search
from convscope.experiments.architecture_samplers import CHANNELS, KERNELS, LAYERS, SAMPLERS
from convscope.experiments.architecture_search import (
    Architecture,
    ArchitectureSearch,
    Try,
    search_architectures,
)
from convscope.experiments.plain_stack import build_plain_stack
from tests.experiments.results import check_result

SMALL = {"budget": 6e8, "most_macs": 40_000, "epochs": 1}


@pytest.fixture(scope="module")
def search():
    return search_architectures(**SMALL)


@pytest.mark.parametrize("architecture", [Architecture(1, 4, 7), Architecture(3, 12, 3)])
def test_costs_are_those_of_the_network(architecture):
    network = build_plain_stack(
        layers=architecture.layers, channels=architecture.channels, kernel=architecture.kernel
    )
    traced = cs.trace(network, (1, 8, 8))
    assert traced.macs == architecture.macs
    assert traced.parameters == architecture.parameters


def test_a_search_keeps_to_its_budget(search):
    assert len(search.tries) >= 2
    assert len({each.architecture for each in search.tries}) == len(search.tries)
    assert all(each.architecture.macs <= 40_000 for each in search.tries)
    assert search.spent <= search.budget == 6e8
    learned = search.spent / sum(3 * each.architecture.macs for each in search.tries)
    assert learned == pytest.approx(0.4 * 1797, rel=0.01)
    assert "networks tried" in check_result(search)


@pytest.mark.slow
def test_a_search_comes_out_the_same(search):
    again = search_architectures(**SMALL)
    assert [t.architecture for t in again.tries] == [t.architecture for t in search.tries]
    other = search_architectures(**SMALL, seed=1)
    assert [t.architecture for t in other.tries] != [t.architecture for t in search.tries]


def test_the_best_is_chosen_by_validation_and_of_equals_the_cheapest():
    tries = (
        Try(Architecture(1, 4, 3), 0.5, 0.99),
        Try(Architecture(2, 8, 3), 0.9, 0.7),
        Try(Architecture(2, 4, 3), 0.9, 0.6),
    )
    search = ArchitectureSearch(tries, 1e9, 1e8)
    assert search.best == tries[2]
    assert search.middle_test == 0.7


def test_chance_draws_everything():
    propose, tell = SAMPLERS["random"](0)
    drawn = [propose() for _ in range(300)]
    assert tell(0.5) is None
    for place, choices in enumerate((LAYERS, CHANNELS, KERNELS)):
        assert {each[place] for each in drawn} == {*choices}


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(UsageError, match="doesn't pay a single training"):
        search_architectures(budget=1)
    with pytest.raises(UsageError, match="Unknown sampler 'grid'"):
        search_architectures(sampler="grid")


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConvscopeError, match=r"pip install \"convscope\[tune\]\""):
        search_architectures(sampler="tpe")


def test_optuna_is_told_what_came_of_its_proposals(monkeypatch):
    """A study that proposes what is too dear, then one network twice, then another."""
    proposals = [(6, 32, 7), (1, 4, 3), (1, 4, 3), (1, 8, 3)]
    told = []

    class Study:
        def ask(self):
            values = dict(zip(("layers", "channels", "kernel"), proposals.pop(0), strict=True))
            return SimpleNamespace(suggest_categorical=lambda name, choices: values[name])

        def tell(self, trial, value=None, state=None):
            told.append(state or value)

    fake = SimpleNamespace(
        logging=SimpleNamespace(set_verbosity=lambda level: None, WARNING=30),
        samplers=SimpleNamespace(TPESampler=lambda **settings: settings),
        create_study=lambda direction, sampler: Study(),
        trial=SimpleNamespace(TrialState=SimpleNamespace(PRUNED="pruned")),
    )
    monkeypatch.setitem(sys.modules, "optuna", fake)
    monkeypatch.setattr(architecture_search, "PATIENCE", 3)
    cost = 3 * Architecture(1, 4, 3).macs * 719
    found = search_architectures(sampler="tpe", most_macs=10_000, epochs=1, budget=1.5 * cost)
    assert [each.architecture for each in found.tries] == [Architecture(1, 4, 3)]
    accuracy = found.tries[0].validation
    assert told == ["pruned", accuracy, accuracy]


@pytest.mark.slow
def test_optuna_searches():
    pytest.importorskip("optuna")
    found = search_architectures(sampler="tpe", **SMALL)
    assert len(found.tries) >= 2
