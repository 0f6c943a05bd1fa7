"""When to say unknown: rates that hold, scores that are their formulas, figures that are right.

Tests evaluation/unknown.py.
"""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

from convscope.errors import UsageError
from convscope.evaluation.rejection import (
    auroc,
    choose_rejection,
    false_acceptance,
    fit_gaussians,
)
from convscope.evaluation.unknown import familiarity, is_unknown
from convscope.runs.model_file import ModelCard

SCORES = ["max_probability", "max_logit", "energy", "gaussian_energy"]


def logits_of(count=3000, classes=4, seed=0):
    """Logits in clusters of different shapes, one a class, and their labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    shapes = np.eye(classes) + 0.4 * random.standard_normal((classes, classes, classes))
    spread = np.einsum("nij,nj->ni", shapes[labels], random.standard_normal((count, classes)))
    return torch.from_numpy(8 * np.eye(classes)[labels] + spread).float(), torch.from_numpy(labels)


@pytest.mark.parametrize("score", SCORES)
@given(
    count=st.integers(1, 200),
    rate=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 1000),
)
def test_the_stated_share_of_known_images_is_rejected_within_one_image(score, count, rate, seed):
    logits, _ = logits_of(count, seed=seed)
    gaussians = fit_gaussians(*logits_of(50)) if score == "gaussian_energy" else None
    rejection = choose_rejection(logits, rate, score, gaussians)
    card = ModelCard(
        network="lenet", classes=("a", "b", "c", "d"), channels=1, size=28, mean=(0,), std=(1,),
        rejection=rejection,
    )  # fmt: skip
    unknown = is_unknown(logits, card)
    if score != "max_probability":  # float32 has many equal probabilities close to 1
        assert abs(int(unknown.sum()) - rate * count) <= 1
    assert int(unknown.sum()) <= rate * count + 1
    assert rejection.rate == pytest.approx(float(unknown.double().mean()), abs=1.01 / count)


def test_equal_scores_are_not_rejected_together():
    rejection = choose_rejection(torch.zeros(100, 3), 0.05)
    assert rejection.rate == 0


def test_density_is_that_of_normal_distributions_drawn_to_one_another():
    logits, labels = logits_of()
    gaussians = fit_gaussians(logits, labels).model_copy(update={"energy": 0.0})
    ours = familiarity(logits, "gaussian_energy", gaussians).numpy()
    groups = [logits[labels == k].double().numpy() for k in range(4)]
    own = [np.cov(group.T, bias=True) for group in groups]
    pooled = sum(len(g) * c for g, c in zip(groups, own, strict=True)) / len(logits)
    pooled += 1e-4 * pooled.trace() / 4 * np.eye(4)
    densities = [
        multivariate_normal.logpdf(
            logits, group.mean(0), (len(group) * cov + 20 * pooled) / (len(group) + 20)
        )
        for group, cov in zip(groups, own, strict=True)
    ]
    expected = np.max(densities, axis=0) + 2 * np.log(2 * np.pi)  # ours leaves out the constant
    assert np.abs(ours - expected).max() < 0.01


def test_energy_is_weighted_to_vary_half_as_much():
    logits, labels = logits_of()
    gaussians = fit_gaussians(logits, labels)
    density = familiarity(logits, "gaussian_energy", gaussians.model_copy(update={"energy": 0.0}))
    energy = gaussians.energy * familiarity(logits, "energy")
    assert float(energy.std() / density.std()) == pytest.approx(0.5, rel=1e-4)
    both = familiarity(logits, "gaussian_energy", gaussians)
    assert torch.allclose(both, density + energy, atol=1e-3)


@pytest.mark.parametrize("score", ["max_probability", "max_logit", "energy"])
def test_scores_are_their_formulas(score):
    logits = torch.tensor([[1.0, 3.0, 2.0]])
    exponentials = np.exp([1.0, 3.0, 2.0])
    expected = {
        "max_probability": exponentials[1] / exponentials.sum(),
        "max_logit": 3.0,
        "energy": np.log(exponentials.sum()),
    }
    assert familiarity(logits, score).item() == pytest.approx(expected[score])


def test_classes_without_images_and_single_images_are_no_trouble():
    gaussians = fit_gaussians(torch.eye(5)[[0, 0, 3]], torch.tensor([0, 0, 3]))
    assert len(gaussians.means) == 2
    assert gaussians.fits(5)
    assert familiarity(torch.eye(5), "gaussian_energy", gaussians).isfinite().all()


def test_logits_that_never_vary_are_no_trouble():
    gaussians = fit_gaussians(torch.ones(6, 3), torch.tensor([0, 1, 2, 0, 1, 2]))
    scores = familiarity(torch.stack([torch.ones(3), torch.zeros(3)]), "gaussian_energy", gaussians)
    assert scores[0] > scores[1]
    assert gaussians.energy == 0


def test_the_file_holds_few_digits():
    gaussians = fit_gaussians(*logits_of(classes=10))
    assert len(gaussians.model_dump_json()) < 12_000
    assert gaussians.means[0][0] == float(f"{gaussians.means[0][0]:.6g}")


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
)
def test_area_is_that_of_scikit_learn(known, out_of_distribution):
    labels = [1] * len(known) + [0] * len(out_of_distribution)
    assert auroc(known, out_of_distribution) == pytest.approx(
        roc_auc_score(labels, known + out_of_distribution)
    )


def test_false_acceptance_counts_what_reaches_the_threshold():
    assert false_acceptance([0.1, 0.5, 0.5, 0.9], 0.5) == 0.75


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_refuses_a_rate_that_is_no_share(rate):
    with pytest.raises(UsageError, match="unknown_rate must be a share, 0 up to below 1; given"):
        choose_rejection(torch.zeros(2, 2), rate)


def test_refuses_no_images_and_missing_gaussians():
    with pytest.raises(UsageError, match="needs at least one image; given none"):
        choose_rejection(torch.zeros(0, 2))
    with pytest.raises(UsageError, match="The score 'gaussian_energy' needs gaussians"):
        familiarity(torch.zeros(1, 2), "gaussian_energy")


def test_gaussians_come_back_from_json_as_they_were():
    gaussians = fit_gaussians(*logits_of())
    again = type(gaussians).model_validate(json.loads(gaussians.model_dump_json()))
    assert again == gaussians
