"""Runs as training and evaluating leave them, without the training."""

import json

import torch

from convscope.networks.catalog import build
from convscope.runs.interval import wilson_interval
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.recipe import Recipe
from convscope.runs.run import new_run
from convscope.runs.seed_group import open_group

CLASSES = ("cat", "dog")


def write_run(
    folder, wrong, images=100, *, split="test", data="pets", classes=CLASSES, epochs=2,
    fingerprint="aa", trained_on="dd", network="softmax-regression",
    monitor="validation", **recipe,
):  # fmt: skip
    """A run whose network was wrong on the images at the places `wrong`."""
    settings = Recipe(network=network, data=data, epochs=epochs, **recipe)
    run = new_run(folder, settings)
    torch.manual_seed(0)
    card = ModelCard(
        network=network, network_arguments={"size": 8}, classes=classes, channels=1, size=8,
        mean=(0.5,), std=(0.5,),
    )  # fmt: skip
    save_model(run.model_file, build(network, 1, len(classes), size=8), card)
    run.environment_file.write_text(json.dumps({"data_fingerprint": trained_on}))
    for epoch in range(1, epochs + 1):
        run.log(
            "epoch", epoch=epoch, step=epoch, seconds=10.0 * epoch, images_per_second=1000.0,
            train_loss=0.5, **{f"{monitor}_accuracy": 1 - 0.5 / epoch},
        )  # fmt: skip
    wrong = sorted(wrong)
    content = {
        "accuracy": 1 - len(wrong) / images,
        "interval": wilson_interval(images - len(wrong), images),
        "loss": 0.25,
        "data": data,
        "split": split,
        "images": images,
        "image_shape": [1, 8, 8],
        "fingerprint": fingerprint,
        "classes": classes,
        "per_class": [{"class": name, "count": images // len(classes)} for name in classes],
        "mistakes": [
            {"path": f"{place}.png", "label": classes[0], "index": place} for place in wrong
        ],
    }
    run.evaluation_file.write_text(json.dumps(content))
    return run


def write_group(folder, wrong_counts, failures=None, **settings):
    """A group of seeds whose networks were wrong on so many images each."""
    recipe = Recipe(network="softmax-regression", data="pets", epochs=2)
    group = open_group(folder, recipe, range(len(wrong_counts)))
    for seed, count in enumerate(wrong_counts):
        if count is not None:
            write_run(group.run_folder(seed), range(count), seed=seed, **settings)
    for seed, reason in (failures or {}).items():
        group.run_folder(seed).mkdir(exist_ok=True)
        group.add_failure(seed, reason)
    return group
