"""How a search begins, or goes on: its folder, its study, what is searched, and the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.data.check.leaks import check_leaks
from convscope.data.image_set import ImageSet
from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.runs import recipe as recipes
from convscope.runs.out_folder import check_out_folder, reserve_folder
from convscope.runs.recipe import Recipe
from convscope.training.job import load_images
from convscope.training.live_view import LiveView
from convscope.tuning.collect import check_rows
from convscope.tuning.space import (
    Dimension,
    begin_values,
    check_space,
    default_space,
    parse_space,
)
from convscope.tuning.storage import (
    connect,
    create_study,
    explain_damage,
    explain_storage,
    hide_password,
    import_optuna,
    load_study,
    without_warnings,
)
from convscope.tuning.study import FILE

FIRST_AT_RANDOM = 6  # trials before the sampler makes proposals of its own
UNPRUNED = 4  # trials that are trained to their end before any is ended early
ELSEWHERE = ("device", "precision", "threads", "data", "images")
"""Fields that may be others on another machine of the same study."""


@dataclass(frozen=True)
class OpenStudy:
    """A study that this process searches.

    Attributes:
        study: Optuna's.
        url: Where it lies.
        recipe: What the search begins with.
        space: What it changes.
        images: By split.
        folder: Of the search, on this machine.
    """

    study: Any
    url: str
    recipe: Recipe
    space: tuple[Dimension, ...]
    images: Mapping[str, ImageSet]
    folder: Path


def take_folder(
    out: str | Path | None, storage: str | None, name: str, *, resume: bool
) -> tuple[Path, bool]:
    """The folder of the search, and whether it was made now.

    Raises:
        UsageError: It holds something else, or a search that isn't asked to go on, or none.
    """
    if out is None:
        if resume and storage is None:
            raise UsageError("--resume: say which search goes on: --out FOLDER, or --storage URL.")
        return reserve_folder("runs", name), True
    folder = Path(out)
    is_search = (folder / FILE).is_file() or (folder / "study.db").is_file()
    if is_search and not resume:
        raise UsageError(
            f"--out {out} holds a search already. Go on with it, or join the process that does: "
            "--resume; or give another folder."
        )
    if resume and storage is None and not is_search:
        raise UsageError(f"--out {out} holds no search to go on with. Begin one: without --resume.")
    if is_search:
        return folder, False
    check_out_folder(folder)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    return folder, is_new


def open_study(
    folder: Path,
    url: str,
    name: str,
    data: Data,
    base: Recipe,
    search: list[str] | None,
    *,
    resume: bool,
    is_given: bool,
    view: LiveView,
) -> OpenStudy:
    """Make a study, or open the one that is there to go on with it.

    Args:
        folder: Of the search, on this machine.
        url: Of its storage.
        name: Of the study in it.
        data: As for `train`.
        base: The recipe that was asked for; of a study that goes on only its data count.
        search: What is to be searched; None: as `default_space` has it, or the study.
        resume: Whether it is one that is there.
        is_given: Whether a person gave recipe, changes or `search`, which must be the study's then.
        view: Is told what a person should know of the images.

    Raises:
        UsageError: There is such a study, or none to go on with, or it is of other data or
            settings; or the recipe, what is searched or the images can't be searched with.
        ConvscopeError: The storage can't be reached.
    """
    optuna = import_optuna()
    store = connect(url)
    with without_warnings():
        # No seed: processes that share a study must not propose the same.
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=FIRST_AT_RANDOM, multivariate=True, constant_liar=True
        )
    about: Mapping[str, Any] = {}
    found = None
    pruner = optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED, n_warmup_steps=_warm_up(base))
    if resume:
        found, about = load_study(store, url, name, sampler, pruner)
        stored = recipes.parse({**about["recipe"], "data": base.data}, "the study's recipe")
        if is_given:
            _check_same(stored, about["space"], base, search)
        if stored.network != base.network:
            raise UsageError(
                f"The study {name!r} searches {stored.network}, not {base.network}. Leave "
                "--network out to go on with it."
            )
        base = stored
    _check_recipe(base)
    view.message(f"{name}: loading the images")
    images = load_images(base.network, data, base)
    _check_images(images, data, base, view)
    fingerprint = images["train"].fingerprint()
    if found is not None:
        if about["fingerprint"] != fingerprint:
            raise UsageError(
                f"The study {name!r} in {hide_password(url)} is of another data set: its training "
                "images aren't these. Accuracies on different images can't be compared. Give the "
                "same data, or begin another study (--study)."
            )
        space = parse_space(about["space"], base.network)
        check_space(space, base)
        with explain_storage(url), explain_damage(url, name):
            check_rows(found, [each.field for each in space])
        return OpenStudy(found, url, base, space, images, folder)
    size = base.size or images["train"].image_shape[1]
    space = default_space(base, size) if search is None else parse_space(search, base.network)
    check_space(space, base)
    about = {
        "recipe": base.as_dict(),
        "space": [str(each) for each in space],
        "fingerprint": fingerprint,
    }
    found = create_study(store, url, name, sampler, pruner, about)
    found.enqueue_trial(begin_values(space, base))
    return OpenStudy(found, url, base, space, images, folder)


def _warm_up(recipe: Recipe) -> int:
    """Epochs before a curve is compared: a fifth, for rates rise first."""
    return -(-(recipe.epochs or 1) // 5)


def _check_recipe(recipe: Recipe) -> None:
    if recipe.epochs is None or recipe.minutes is not None:
        raise UsageError(
            "Trials are compared by their epochs, so the recipe needs epochs and no minutes: give "
            "--epochs; --minutes is the time of the whole search."
        )
    if recipe.fold is not None:
        raise UsageError("A search takes no fold: it chooses by validation images.")


def _check_images(
    images: Mapping[str, ImageSet], data: Data, recipe: Recipe, view: LiveView
) -> None:
    if "validation" not in images:
        raise UsageError(
            "A search chooses by validation images, and there are none. Give a share of the "
            "training images: --set validation=0.1."
        )
    found = check_leaks(
        dict(images),
        data,
        allow=recipe.allow_leaks,
        allow_conflicts=recipe.allow_conflicting_labels,
        reading=recipe.reading,
    )
    for note in (*images["train"].notes, *found):
        view.message(note)


def _check_same(
    stored: Recipe, stored_space: Sequence[str], given: Recipe, search: list[str] | None
) -> None:
    """Refuse to go on with other settings than the study began with.

    Raises:
        UsageError: Names what differs.
    """
    old, new = stored.as_dict(), given.as_dict()
    names = sorted({*old, *new} - {*ELSEWHERE})
    differing = [
        f"{n} was {old.get(n)!r} and is {new.get(n)!r}" for n in names if old.get(n) != new.get(n)
    ]
    if search is not None:
        now = [str(each) for each in parse_space(search, stored.network)]
        if now != [*stored_space]:
            differing.append(f"--search was {' '.join(stored_space)} and is {' '.join(now)}")
    if differing:
        raise UsageError(
            f"The study began with other settings: {'; '.join(differing)}. Leave them out to go on "
            "with it, or begin another study."
        )
