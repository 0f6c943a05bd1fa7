"""What is said of folders that were understood, and asked where that can be done in two ways."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from convscope.errors import UsageError
from convscope.look.names import join_names

IMAGE_KINDS_TEXT = "image images imgs img jpeg jpegimages jpgs photos pictures raw"
IMAGE_KINDS = frozenset(IMAGE_KINDS_TEXT.split())
KINDS_TEXT = """
    mask masks label labels
    annotation annotations annots segmentation segmentations segmentationclass trimaps bbox boxes
    gt ground_truth groundtruth depth edges heatmaps thumbnails
"""
KINDS = IMAGE_KINDS | frozenset(KINDS_TEXT.split())
"""Names of folders that hold kinds of files rather than classes."""

IF_CLASSES = 'If all folders are classes: --split-folders none (split_folders="none").'
SHOWN_CLASSES = 5
PURPOSES = {"train": "training", "validation": "validation", "test": "testing"}


def layout_in_words(outer: str, splits: Mapping[str, str], labels: Sequence[str]) -> str:
    """One line that says what was understood.

    Args:
        outer: The folder that the others lie in, "" for the top.
        splits: Folder → split; "" stands for the class folders beside the splits. Empty where the
            folders are classes.
        labels: The classes to train on.
    """
    classes = classes_in_words(labels)
    inside = f" in {outer}/" if outer else ""
    if not splits:
        return f"Folders{inside} are classes: {classes}"
    purposes = "; ".join(
        f"{f'{folder}/' if folder else 'the others'} for {purpose}"
        for split, purpose in PURPOSES.items()
        for folder in splits
        if splits[folder] == split
    )
    return f"Folders{inside} are splits: {purposes}; {classes}"


def classes_in_words(labels: Sequence[str]) -> str:
    """How many classes there are, and the first of them."""
    shown = ", ".join(labels[:SHOWN_CLASSES]) + (", …" if len(labels) > SHOWN_CLASSES else "")
    return f"{len(labels)} {'class' if len(labels) == 1 else 'classes'} ({shown})"


def count_splits(counts: Mapping[str, int]) -> str:
    """How many images each split has."""
    return ", ".join(
        f"{counts[split]:,} for {purpose}" for split, purpose in PURPOSES.items() if split in counts
    )


def ask_which_are_splits(
    folders: Sequence[str], roles: Mapping[str, str], inner: Mapping[str, set[str]], where: str
) -> UsageError:
    """The question whether folders that hold the same class folders are splits or classes.

    Args:
        folders: Those that it is about.
        roles: What their names say.
        inner: Folder → the folders in it.
        where: How a person finds the folder around them.
    """
    splits = _suggestion(folders, roles)
    shared = sorted(set.intersection(*(inner[name] for name in folders)))
    held = f", each with folders {join_names(shared)}" if shared else ""
    return UsageError(
        f"'{where}' has the folders {join_names(folders)}{held}: they may be splits or classes. If "
        f"they are splits, say which is which, as in {_option(splits)}; folders that aren't named "
        f"are then left out. Or give one of them alone, as in {where.rstrip('/')}/{folders[0]}. "
        f"{IF_CLASSES}"
    )


def ask_about_one(folder: str, split: str, where: str, *, is_flat: bool) -> UsageError:
    """The question whether a folder beside class folders is a split or a class.

    Args:
        folder: Its name.
        split: What it would be.
        where: How a person finds the folder around it.
        is_flat: It holds images without class folders, else folders with the names of those beside.
    """
    if is_flat:
        reason = "by its name a split, but without class folders in it"
        then = "If it is a split, whose images nothing labels"
    else:
        reason = "which holds folders of the same names"
        then = (
            "If it holds more images of the same classes, move them there. If it is a split, say "
            "which"
        )
    option = _option({split: folder})
    return UsageError(
        f"'{where}' has, beside class folders, {folder!r}, {reason}. {then}: {option}. {IF_CLASSES}"
    )


def a_second_time(*, are_same: bool) -> str:
    """Why a folder that repeats what lies around it is left out.

    Args:
        are_same: Its files are those around it; else only its folders are called so.
    """
    if are_same:
        return "the same folders and files as around it, a second time"
    return (
        "folders of the same names as around it, a second time; if their files are others, move "
        "them"
    )


def _option(splits: Mapping[str, str]) -> str:
    text = ",".join(f"{split}={folder}" for split, folder in splits.items())
    return f"--split-folders {shlex.quote(text)} (split_folders={dict(splits)!r})"


def _suggestion(folders: Sequence[str], roles: Mapping[str, str]) -> dict[str, str]:
    """Split → folder, as the names say or else in order."""
    splits: dict[str, str] = {}
    for name in folders:
        if name in roles:
            splits.setdefault(roles[name], name)
    unnamed = [name for name in folders if name not in roles]
    if not {"train", "test"} <= splits.keys():  # `train_augmented` is no good validation split
        for split in ("train", "test", "validation"):
            if split not in splits and unnamed:
                splits[split] = unnamed.pop(0)
    return {split: splits[split] for split in ("train", "validation", "test") if split in splits}


def ask_about_parts(folders: Sequence[str], where: str) -> UsageError:
    """The question whether folders whose names differ only by a number are parts of one set."""
    return UsageError(
        f"'{where}' has {join_names(folders)}, which differ only by a number: parts of one set of "
        "images, it seems, whose classes stand elsewhere (in a table beside them?), and not "
        f"classes. Put the images of each class into a folder of its own. {IF_CLASSES}"
    )


def no_such_folder(folder: str, folders: Sequence[str], where: str) -> UsageError:
    """The error for a folder that `split_folders` names and that isn't there."""
    return UsageError(
        f"split_folders: there is no folder {folder!r} with images in '{where}'; there are: "
        f"{join_names(sorted(folders))}."
    )


def no_class_folders(folders: Sequence[str], where: str) -> UsageError:
    """The error for splits that hold images without classes."""
    return UsageError(
        f"'{where}' has {join_names(folders)}, by their names splits, but no class folders in "
        "them, so nothing says what the images show. Put the images of each class into a folder "
        f"of its own, as in {folders[-1]}/cats/1.jpg. {IF_CLASSES}"
    )


def no_training_folder(folders: Sequence[str], where: str) -> UsageError:
    """The error for splits none of which is for training."""
    return UsageError(
        f"'{where}' has {join_names(folders)} but no train folder with class folders in it. Add "
        "one, or give the folder that holds the class folders, or say which folder is for "
        f"training, as in --split-folders train={shlex.quote(folders[0])} "
        f"(split_folders={{'train': {folders[0]!r}}})."
    )


def several_sets(folders: Sequence[str], where: str) -> UsageError:
    """The error for folders of which each is divided into splits with classes in them."""
    return UsageError(
        f"'{where}' has {join_names(folders)}, each divided into splits with class folders in "
        f"them, so each is a data set of its own. Give one, as in "
        f"{where.rstrip('/')}/{folders[0]}. {IF_CLASSES}"
    )


def check_kinds(folders: Iterable[str], where: str) -> None:
    """Complain where all folders hold kinds of files, such as images and masks, and no classes.

    Raises:
        UsageError: They do.
    """
    names = sorted(folders)
    if len(names) > 1 and all(name.casefold() in KINDS for name in names):
        raise UsageError(
            f"'{where}' has {join_names(names)}: images and what belongs to them, it seems, and "
            "not classes. Put the images of each class into a folder of its own, and give the "
            f"folder that holds these. {IF_CLASSES}"
        )
