"""Folders of runs in every state, made of the run that lies among the tests."""

import json
import os
import shutil
import time
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden" / "run"
HOSTILE = ("<img src=x onerror=alert(1)>", "a‮b" + "n" * 200, "😀 group/=1+1")
AGO = 86400.0


def copy_run(folder, name, *, old=True):
    """A copy of the finished run, last written a day ago."""
    made = folder / name
    shutil.copytree(GOLDEN, made)
    if old:
        make_old(made)
    return made


def make_old(run):
    for file in (run, *run.rglob("*")):
        os.utime(file, (time.time() - AGO,) * 2)


def rename_class(run, old, new):
    """Let a class of an evaluation be called something else."""
    file = run / "evaluation.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    found["classes"] = [new if name == old else name for name in found["classes"]]
    for each in found["mistakes"]:
        each.update({key: new for key in ("label", "predicted") if each[key] == old})
    file.write_text(json.dumps(found), encoding="utf-8")


def all_kinds(folder):
    """Runs that are finished, stopped, failed, damaged, hostile or older.

    "running" goes on for as long as somebody holds `claimed(folder / "running")`.
    """
    copy_run(folder, "first")
    for name in HOSTILE:
        copy_run(folder, name)
    rename_class(folder / HOSTILE[0], "3", HOSTILE[0])
    for name in ("stopped", "running", "failed"):
        made = copy_run(folder, name)
        (made / "evaluation.json").unlink()
        (made / "forecast.json").unlink()
        make_old(made)
    with (folder / "failed" / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"kind": "error", "step": 9, "message": "The loss became NaN."}\n')
    damaged = copy_run(folder, "damaged line")
    lines = (damaged / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1] = "no JSON\n"
    (damaged / "metrics.jsonl").write_text("".join(lines), encoding="utf-8")
    (copy_run(folder, "damaged evaluation") / "evaluation.json").write_text("[]", encoding="utf-8")
    (copy_run(folder, "damaged forecast") / "forecast.json").write_text("{", encoding="utf-8")
    (folder / "damaged recipe").mkdir()
    (folder / "damaged recipe" / "recipe.toml").write_bytes(b"\xff = [")
    older = copy_run(folder, "older")
    content = json.loads((older / "evaluation.json").read_text(encoding="utf-8"))
    for name in ("reliability", "rejection", "calibration"):
        content.pop(name)
    (older / "evaluation.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def long_run(folder, rows):
    """A stopped run with so many lines of metrics."""
    made = copy_run(folder, "long")
    (made / "evaluation.json").unlink()
    lines = [
        f'{{"kind": "step", "step": {i}, "loss": {2.3 / (1 + i / 999):.6f}, '
        f'"learning_rate": {0.1 / (1 + i):.8f}}}\n'
        for i in range(1, rows + 1)
    ]
    (made / "metrics.jsonl").write_text("".join(lines), encoding="utf-8")
    return made


def many_classes(folder, count=25):
    """A run of so many classes, each with four images, one of which is taken for the next class."""
    made = copy_run(folder, "many classes")
    names = [f"class {number}" for number in range(count)]
    content = {
        "accuracy": 0.75,
        "interval": [0.65, 0.83],
        "loss": 1.0,
        "data": "digits",
        "split": "test",
        "images": 4 * count,
        "classes": names,
        "per_class": [{"count": 4}] * count,
        "confusion": [
            [3 * (row == column) + ((row + 1) % count == column) for column in range(count)]
            for row in range(count)
        ],
        "mistakes": [
            {
                "index": 4 * row,
                "path": f"a/{row}.png",
                "label": names[row],
                "predicted": names[(row + 1) % count],
                "probability": 0.5,
            }
            for row in range(count)
        ],
    }
    (made / "evaluation.json").write_text(json.dumps(content), encoding="utf-8")
    return made
