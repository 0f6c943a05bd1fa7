"""What must not go unsaid before training: images in two splits, and images with two labels.

A split that somebody made may hold images of another: then the network is evaluated on what it was
trained on, and seems better than it is. Images that are the same to the bit stop training; near
copies are told, because the search for them errs. A split that Convscope makes holds none
(`near_copies`). The same image with different labels teaches nothing, so it stops training, too.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path

from convscope.data.check.files import digest_of_pixels
from convscope.data.check.find import find_duplicates
from convscope.data.check.finding import DataFinding
from convscope.data.check.near import are_too_small
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, tree_of
from convscope.data.near_copies import NEAR_LIMIT
from convscope.data.reading import DEFAULT, Reading
from convscope.errors import UsageError
from convscope.look.names import join_names

SHOWN = 3


def check_leaks(
    splits: Mapping[str, ImageSet],
    data: Data,
    *,
    allow: bool = False,
    allow_conflicts: bool = False,
    reading: Reading = DEFAULT,
) -> list[str]:
    """Stop where a folder or archive has the same image in two splits or with two labels.

    Named data sets are taken as they were published, and arrays as they were given.

    Args:
        splits: What is trained and evaluated on.
        data: Where it comes from.
        allow: Go on although images are in two splits.
        allow_conflicts: Go on although images have two labels.
        reading: How the files were read.

    Returns:
        What a person should know, in words.

    Raises:
        UsageError: There are such images, and they aren't allowed.
    """
    if not isinstance(data, str | Path) or str(data) in NAMED:
        return []
    ours = {"train", *(name for name, images in splits.items() if images.is_taken)}
    is_divided = not splits.keys() <= ours
    count = sum(len(images) for images in splits.values())
    near = is_divided and count <= NEAR_LIMIT and not are_too_small(splits)
    found = find_duplicates(splits, pixels=_own_pixels(data, reading), near=near, quiet=True)
    exact = [each for each in found if each.kind in ("same file", "same pixels")]
    conflicts = [each for each in exact if each.labels_differ]
    leaks = [each for each in exact if _is_leak(each, ours)]
    look_alike = [each for each in found if each.kind == "near duplicate" and _is_leak(each, ours)]
    command = f"convscope data {shlex.quote(str(data))} --check"
    see = f"See them all: {command} --figure duplicates.png."
    notes = []
    if is_divided and count > NEAR_LIMIT:
        notes.append(
            f"Only exact duplicates were looked for, as there are more than {NEAR_LIMIT:,} "
            f"images; near ones are found by: {command}"
        )
    if conflicts:
        message = f"The same image with different classes: {_conflicts_in_words(conflicts)}. {see}"
        if not allow_conflicts:
            raise UsageError(
                f"{message} A network can't learn both. Keep the right one of each pair, or train "
                "all the same with --allow-conflicting-labels (allow_conflicting_labels=True)."
            )
        notes.append(message)
    if leaks:
        message = f"Leaks between splits: {_in_words(leaks, 'exact')}. {see}"
        if not allow:
            raise UsageError(
                f"{message} The network would be evaluated on what it was trained on. Remove one "
                "of each pair, or train all the same with --allow-leaks (allow_leaks=True)."
            )
        notes.append(message)
    notes += [each.detail for each in found if each.kind == "look alike"]
    notes += _shared_groups(splits, ours)
    if look_alike:
        notes.append(
            f"Perhaps leaks between splits: {_in_words(look_alike, 'near')}. {see} If they are "
            "copies, the network will seem better than it is."
        )
    return notes


def _is_leak(each: DataFinding, ours: set[str]) -> bool:
    """Whether a pair lies in two splits that somebody made."""
    return each.across_splits and not {each.place.split, each.other and each.other.split} <= ours


def _shared_groups(splits: Mapping[str, ImageSet], ours: set[str]) -> list[str]:
    """What to say of groups that a split which somebody made has in common with training."""
    trained = {group for name in ours & splits.keys() for group in splits[name].groups if group}
    notes = []
    for name in splits.keys() - ours:
        shared = sorted(trained.intersection(splits[name].groups))
        if shared:
            notes.append(
                f"{len(shared):,} {'group is' if len(shared) == 1 else 'groups are'} both in train "
                f"and in {name} ({join_names(shared)}): of what they have in common the network "
                "will seem to know more than it does."
            )
    return notes


def _own_pixels(data: str | Path, reading: Reading) -> Callable[[str], Hashable] | None:
    tree = tree_of(data, reading)
    if tree is None:
        return None
    files = {tree.where(file): file for file in tree.listing().files}
    return lambda path: digest_of_pixels(tree, files.get(path), path)


def _in_words(leaks: list[DataFinding], kind: str) -> str:
    pairs = ((each.place, each.other) for each in leaks[:SHOWN])
    examples = (f"{one.path} and {other.path}" for one, other in pairs if other)
    noun = "pair" if len(leaks) == 1 else "pairs"
    return f"{len(leaks):,} {noun} of {kind} duplicates ({_listed(examples, len(leaks))})"


def _conflicts_in_words(conflicts: list[DataFinding]) -> str:
    pairs = ((each.place, each.other) for each in conflicts[:SHOWN])
    examples = (
        f"{one.path} is {one.label!r} and {other.path} is {other.label!r}"
        for one, other in pairs
        if other
    )
    noun = "pair" if len(conflicts) == 1 else "pairs"
    return f"{len(conflicts):,} {noun} ({_listed(examples, len(conflicts))})"


def _listed(examples: Iterable[str], count: int) -> str:
    more = [f"and {count - SHOWN:,} more"] if count > SHOWN else []
    return "; ".join([*examples, *more])
