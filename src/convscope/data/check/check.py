"""Everything that can be found wrong with a data set before a network is trained on it."""

from __future__ import annotations

from convscope.data.check.classes import check_classes
from convscope.data.check.files import ImageFiles
from convscope.data.check.find import find_duplicates
from convscope.data.check.finding import Checked, DataFinding, Place
from convscope.data.check.near import are_too_small
from convscope.data.check.odd import find_flat_images, find_odd_sizes, report_flat_images
from convscope.data.check.thumbnails import SMALLEST
from convscope.data.load import Data, source_splits, tree_of
from convscope.data.reading import DEFAULT, Reading


def check(
    data: Data,
    *,
    size: int | None = None,
    channels: int | None = None,
    reading: Reading = DEFAULT,
    quiet: bool = False,
) -> Checked:
    """Look for duplicates, leaks between splits, unreadable files, odd images and small classes.

    Only the splits that the data itself has are compared: where it has none, Convscope divides it
    and keeps copies on one side.

    Args:
        data: As for `load`.
        size: Height and width to read images of a folder at; near duplicates are compared at no
            more than 32 pixels whatever it is.
        channels: 1 or 3; None keeps them.
        reading: How files are to be understood.
        quiet: Show no progress.

    Returns:
        All findings, with the paths that `ImageSet.paths` has.

    Raises:
        UsageError: There is no such data, or it cannot be used.
        ConvscopeError: A file is damaged or could not be downloaded.
    """
    splits = source_splits(data, size=size, channels=channels, reading=reading)
    splits = {name: splits[name] for name in ("train", "validation", "test") if name in splits}
    tree = tree_of(data, reading)
    files = None
    if tree is not None:
        paths = [path for images in splits.values() for path in images.paths]
        files = ImageFiles(tree, paths, quiet=quiet)
    small = are_too_small(splits)
    note = f"No search for near duplicates: it needs {SMALLEST} pixels a side." if small else ""
    findings = find_duplicates(splits, files, near=not small, quiet=quiet)
    problems = dict.fromkeys(each for images in splits.values() for each in images.problems)
    findings += [DataFinding("unreadable", Place(each.path), each.reason) for each in problems]
    for images in splits.values():
        findings += report_flat_images(images, find_flat_images(images))
    findings += find_odd_sizes(splits, files.facts if files is not None else {})
    findings += check_classes(splits)
    counts = {name: len(images) for name, images in splits.items()}
    train = splits["train"]
    return Checked(train.name, counts, tuple(findings), note, train.notes)
