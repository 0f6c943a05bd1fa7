"""Tab completion of arguments."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from convscope.look.language import LANGUAGES

DATA_SETS = ("digits", "fashion-mnist", "mnist", "cifar10")
ENGINES = ("auto", "float32", "bfloat16", "onnx")


def complete_data(text: str) -> list[str]:
    """Names of data sets; the shell adds folders."""
    return [name for name in DATA_SETS if name.startswith(text)]


def complete_out_of_distribution(text: str) -> list[str]:
    """Images that a model may not know; the shell adds folders."""
    return [name for name in ("noise", *DATA_SETS) if name.startswith(text)]


def complete_recipe(text: str) -> list[str]:
    """Names of recipes that come with Convscope."""
    files = (resources.files("convscope") / "recipes").iterdir()
    names = [file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")]
    return sorted(name for name in names if name.startswith(text))


def complete_run(text: str) -> list[str]:
    """Run folders at or below what is typed."""
    parent = Path(text) if text.endswith("/") else Path(text).parent
    folders = [*parent.glob("*/recipe.toml"), *Path("runs").glob("*/recipe.toml")]
    return sorted({str(file.parent) for file in folders if str(file.parent).startswith(text)})


def complete_source(text: str) -> list[str]:
    """What a network can begin from; the shell adds files."""
    return [*(["published"] if "published".startswith(text) else []), *complete_run(text)]


def complete_network(text: str) -> list[str]:
    """Names in the catalog."""
    from convscope.networks.catalog import list_networks

    return [name for name in list_networks() if name.startswith(text)]


def complete_network_to_train(text: str) -> list[str]:
    """Names in the catalog, and "auto"."""
    from convscope.networks.catalog import AUTO

    return [*(name for name in [AUTO] if name.startswith(text)), *complete_network(text)]


def complete_engine(text: str) -> list[str]:
    """What computes the predictions of a server."""
    return [name for name in ENGINES if name.startswith(text)]


def complete_run_or_seeds(text: str) -> list[str]:
    """Run folders, and folders of seeds or folds, at or below what is typed."""
    parent = Path(text) if text.endswith("/") else Path(text).parent
    names = ("*/seeds.json", "*/folds.json")
    files = [
        file for place in (parent, Path("runs")) for name in names for file in place.glob(name)
    ]
    groups = {str(file.parent) for file in files if str(file.parent).startswith(text)}
    return sorted(groups.union(complete_run(text)))


def complete_precision(text: str) -> list[str]:
    """Precisions to predict in."""
    return [name for name in ("float32", "bfloat16") if name.startswith(text)]


def complete_machine(text: str) -> list[str]:
    """Machines that a forecast can be made for; read without torch."""
    from importlib.resources import files

    lines = (files("convscope.planning") / "machines.toml").read_text("utf-8").splitlines()
    names = [line[1:-1] for line in lines if line.startswith("[")]
    return [name for name in ("list", *names) if name.startswith(text)]


def complete_lesson(text: str) -> list[str]:
    """Numbers of the lessons."""
    from convscope.lessons.contents_table import list_lessons

    numbers = [str(lesson.number) for lesson in list_lessons()]
    return [number for number in numbers if number.startswith(text)]


def complete_language(text: str) -> list[str]:
    """The languages of lessons."""
    return [language for language in LANGUAGES if language.startswith(text)]


def complete_folder(text: str) -> list[str]:
    """Folders that are there, as far as they are typed."""
    parent = Path(text) if text.endswith("/") else Path(text).parent
    folders = [str(each) for each in parent.glob("*/") if not each.name.startswith(".")]
    return sorted(folder for folder in folders if folder.startswith(text))
