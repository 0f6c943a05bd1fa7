"""What the check of a data set says: one record for each thing found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "same file",
    "same pixels",
    "near duplicate",
    "look alike",
    "unreadable",
    "one colour",
    "odd size",
    "empty class",
    "small class",
    "imbalance",
]

DUPLICATES: tuple[Kind, ...] = ("same file", "same pixels", "near duplicate")


@dataclass(frozen=True)
class Place:
    """An image, a file, a class or a whole split.

    Attributes:
        path: The path of an image, as `ImageSet.paths` has it, or of a file; "" for classes.
        split: "train", "validation" or "test"; "" where none is meant.
        label: Name of the class; "" where none is meant.
    """

    path: str
    split: str = ""
    label: str = ""


@dataclass(frozen=True)
class DataFinding:
    """One thing that a person should know about a data set.

    Attributes:
        kind: What it is.
        place: Where.
        detail: What is wrong, in words.
        other: The second image of a pair of duplicates; None for other findings.
        similarity: For near duplicates, the correlation of the two images' brightness after they
            were laid over each other, from 0 to 1.
    """

    kind: Kind
    place: Place
    detail: str = ""
    other: Place | None = None
    similarity: float | None = None

    @property
    def across_splits(self) -> bool:
        """Whether the two images of a duplicate lie in different splits."""
        return self.other is not None and self.other.split != self.place.split

    @property
    def labels_differ(self) -> bool:
        """Whether the two images of a duplicate have different classes."""
        return self.other is not None and self.other.label != self.place.label

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        plain: dict[str, Any] = {"kind": self.kind, **_plain(self.place), "detail": self.detail}
        if self.other is not None:
            plain |= {
                "other": _plain(self.other),
                "similarity": self.similarity,
                "across_splits": self.across_splits,
                "labels_differ": self.labels_differ,
            }
        return plain


def _plain(place: Place) -> dict[str, str]:
    return {"path": place.path, "split": place.split, "class": place.label}


@dataclass(frozen=True)
class Checked:
    """All that was found in a data set.

    Attributes:
        name: What the data set is called.
        images: Split → how many images it has.
        findings: In the order of `Kind`; duplicates across splits and with different labels first.
        note: Why there was no search for near duplicates; "" if there was.
        notes: How the source was understood.
    """

    name: str
    images: dict[str, int]
    findings: tuple[DataFinding, ...]
    note: str = ""
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """How often each kind was found, duplicates across splits and with different labels too."""
        kinds = Counter(each.kind for each in self.findings)
        return {
            **{kind: kinds[kind] for kind in Kind.__args__},  # type: ignore[attr-defined]
            "across splits": sum(each.across_splits for each in self.findings),
            "labels differ": sum(each.labels_differ for each in self.findings),
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "images": self.images,
            "counts": self.counts(),
            "note": self.note,
            "notes": list(self.notes),
            "findings": [each.as_dict() for each in self.findings],
        }

    def rows(self) -> list[list[object]]:
        """A table with a heading: one row for each finding."""
        heading = ["kind", "path", "split", "class", "other_path", "other_split", "other_class"]
        heading += ["similarity", "detail"]
        rows: list[list[object]] = [list(heading)]
        for each in self.findings:
            other = each.other or Place("")
            places = [each.place.path, each.place.split, each.place.label]
            places += [other.path, other.split, other.label]
            similarity = "" if each.similarity is None else round(each.similarity, 4)
            rows.append([each.kind, *places, similarity, each.detail])
        return rows
