"""A study whose database somebody else wrote into.

Tests tuning/storage.py, tuning/collect.py.
"""

import json

import optuna
import pytest

from convscope.errors import ConvscopeError
from convscope.tuning.collect import RETESTED, check_rows
from convscope.tuning.storage import ABOUT, connect, explain_damage, load_study

GOOD = json.dumps({"recipe": {}, "space": ["learning_rate=0.1..1"], "fingerprint": "f"})


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('study') / 'study.db'}"
    store = connect(url)
    optuna.create_study(storage=store, study_name="s")
    return url, store


@pytest.mark.parametrize(
    "about",
    [7, "{{{", "[" * 100_000, "{}", "[]", GOOD.replace("{}", "5"), GOOD.replace('"f"', "7")],
)
def test_facts_that_no_search_wrote_are_one_error(storage, about):
    url, store = storage
    optuna.load_study(storage=store, study_name="s").set_user_attr(ABOUT, about)
    with pytest.raises(ConvscopeError, match="The study 's' in .* is damaged"):
        load_study(store, url, "s", None, None)
    optuna.load_study(storage=store, study_name="s").set_user_attr(ABOUT, GOOD)
    assert load_study(store, url, "s", None, None)[1]["fingerprint"] == "f"


@pytest.mark.parametrize("retest", [7, "{{", "{}", "[]", '{"at": 1, "number": "x"}'])
def test_retests_that_no_search_wrote_are_one_error(retest):
    study = optuna.create_study()
    study.set_user_attr(f"{RETESTED}0", retest)
    with pytest.raises(ConvscopeError, match="is damaged"), explain_damage("sqlite:///x", "s"):
        check_rows(study, [])


def test_trials_that_no_search_wrote_are_one_error():
    study = optuna.create_study()
    study.add_trial(optuna.trial.create_trial(value=0.5, intermediate_values={1: 0.5}))
    check_rows(study, [])
    with pytest.raises(ConvscopeError, match="no value"), explain_damage("sqlite:///x", "s"):
        check_rows(study, ["learning_rate"])
    odd = optuna.trial.create_trial(value=0.5, user_attrs={"seconds": "long"})
    study.add_trial(odd)
    with pytest.raises(ConvscopeError, match="seconds"), explain_damage("sqlite:///x", "s"):
        check_rows(study, [])
