"""The table of docs/trust.md: what was tried against Convscope's promises, and what came of it.

    python benchmarks/trust.py           # runs the tests of every row and writes docs/trust.md
    python benchmarks/trust.py 10 15     # runs these rows; the other lines stay

A row is ✓ when all its tests pass and they reach the figure; what they don't reach is said.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "trust.md"
NUMBERED = re.compile(r"\| (\d+) \|.*(?<!– \|)$")


@dataclass(frozen=True)
class Row:
    """A promise that is put to the test.

    Attributes:
        number: As in the list of attacks, which doesn't change.
        tried: What the tests do.
        figure: What they should reach.
        tests: Files or tests, slow ones included.
        short: What they don't reach of the figure; "" where they do.
        script: A benchmark with its options; its last line is what was reached, and it ends with 0
            where that is the figure.
    """

    number: int
    tried: str
    figure: str
    tests: tuple[str, ...]
    short: str = ""
    script: tuple[str, ...] = ()


ROWS = (
    Row(
        1,
        "4 runs, each killed (SIGKILL) at random moments until it ends",
        "model, metrics: the same bytes",
        ("tests/training/test_killed.py",),
    ),
    Row(
        4,
        "stopped at exact points of an epoch, and in the last evaluation",
        "the same state, no epoch lost or repeated",
        (
            "tests/training/test_loop.py::test_a_stopped_run_goes_on_bit_for_bit",
            "tests/training/test_loop.py::test_a_stop_in_the_last_evaluation_is_kept_and_goes_on",
        ),
    ),
    Row(
        6,
        "a save that fails; leftovers of killed saves",
        "the last good checkpoint loads, nothing is left behind",
        (
            "tests/runs/test_checkpoint.py::test_a_save_that_fails_keeps_the_one_before",
            "tests/test_files.py::test_leftovers_of_killed_writers_are_removed",
        ),
    ),
    Row(
        7,
        "no space for a file (limit on its size)",
        "one sentence with path, need and free space; the old file stays",
        ("tests/test_files.py::test_a_full_disk_is_one_sentence_and_the_old_file_stays",),
    ),
    Row(
        9,
        "a checkpoint cut at every 16th byte",
        "the one before is taken",
        ("tests/runs/test_checkpoint.py::test_every_cut_is_noticed",),
    ),
    Row(
        10,
        "every bit of a model file and of a JSON file; 300 of a checkpoint",
        "all are noticed",
        (
            "tests/runs/test_damaged_model_file.py::test_every_flipped_bit_is_noticed",
            "tests/runs/test_checked_json.py",
            "tests/runs/test_checkpoint.py::test_every_flipped_bit_is_noticed",
            "tests/runs/test_checkpoint.py::test_every_flipped_bit_of_the_manifest_is_noticed",
        ),
    ),
    Row(
        11,
        "a run gone on with after its recipe, images or epochs were changed",
        "refused by name; what may change is recorded",
        ("tests/runs/test_changed_recipe.py", "tests/training/test_resume.py"),
    ),
    Row(
        12,
        "runs and model files of earlier code, and of each version",
        "they open, evaluate alike and go on",
        ("tests/runs/test_golden.py",),
    ),
    Row(
        13,
        "SIGTERM in training, from outside; SIGTERM, SIGINT, SIGHUP during the imports",
        "exit 143, 130, 129, and what is kept goes on",
        (
            "tests/cli/test_train.py::test_killed_by_sigterm_and_resumed",
            "tests/test_main.py",
            "tests/runtime/test_signals.py",
        ),
        short="the interpreter's own start (hundredths of a second); 2 s on a busy machine",
    ),
    Row(
        15,
        "5 races of 4 processes for a run's folder; a killed holder",
        "one winner; the others are told its number",
        ("tests/runs/test_claim.py",),
    ),
    Row(
        16,
        "1,008 random orders of saves, damage and resumption",
        "the last good checkpoint is never lost",
        ("tests/runs/test_checkpoint.py::test_the_last_good_one_is_never_lost",),
    ),
    Row(
        17,
        "hostile and nested pickles in place of CIFAR batches",
        "nothing runs, no work that grows",
        ("tests/data/test_plain_pickle.py",),
    ),
    Row(
        19,
        "20,060 damaged headers and cards of a model file, in 256 MB; 14 fields out of bounds",
        "one kind of error",
        (
            "tests/runs/test_damaged_model_file.py",
            "tests/runs/test_run_facts.py",
        ),
        script=("mutations.py",),
    ),
    Row(
        23,
        "headers that claim gigabytes; images just below the limit of pixels",
        "refused from the header, or decoded within 512 MiB that all requests share, given back",
        (
            "tests/data/test_idx.py::test_memory_is_not_taken_for_what_a_header_promises",
            "tests/cli/test_predict.py::test_a_image_of_too_many_pixels",
            "tests/data/test_decode_room.py",
        ),
        script=("large_images.py",),
    ),
    Row(
        32,
        "one pixel changed in 4,500 images",
        "another fingerprint",
        ("tests/data/test_image_set.py::test_every_image_counts",),
    ),
    Row(
        34,
        "NaN and infinity in loss, weights, statistics; from the start, in the last step",
        "nothing of it saved, the first bad layer named",
        ("tests/training/test_loop.py", "-k", "number or statistic or broken or overflows"),
    ),
    Row(
        37,
        "the same seed twice, also of a network in a file; noise in measuring threads; the same "
        "model saved nine times",
        "the same weights and bytes; where a busy machine was measured, how to repeat is said",
        (
            "tests/training/test_loop.py::test_the_same_seed_gives_the_same_run",
            "tests/runs/test_damaged_model_file.py::test_the_same_content_is_the_same_bytes",
            "tests/runtime/test_choose_execution.py::test_noise_chooses_threads_once",
            "tests/runtime/test_known_speeds.py",
            "tests/training/test_expectation.py::test_what_was_measured_on_a_busy_machine_is_told_how_to_repeat",
            "tests/cli/test_network.py::test_its_first_weights_come_from_the_seed",
        ),
    ),
    Row(
        39,
        "memory limited to 8 GB (RLIMIT_AS) under a batch that needs more; other errors for it",
        "one sentence with the next smaller batch",
        ("tests/training/test_lack_of_memory.py",),
    ),
    Row(
        41,
        "ten times the clients that there is room for, each trying again at once",
        "at least 90 % of the capacity, no answer swapped",
        (
            "tests/shipping/server/test_places.py",
            "tests/shipping/server/test_app.py",
            "-k",
            "eager or full or somebody_else or places",
        ),
        script=("overload.py",),
    ),
    Row(
        42,
        "SIGTERM with 50 requests of 6.8 MB in flight; with half a body",
        "all are answered, exit 0 within 10 s",
        (
            "tests/web/test_bodies.py",
            "tests/shipping/server/test_app.py",
            "tests/shipping/server/test_serve.py",
            "-k",
            "body or bodies or stop or sigterm or signal",
        ),
        script=("stopping.py",),
    ),
    Row(
        43,
        "control codes, colours as well, in names that reach the terminal",
        "spelled out; only our own codes are codes",
        ("tests/look/test_terminal.py",),
    ),
    Row(
        44,
        "a server for long: good, damaged, half and abandoned requests, large images, in turn",
        "memory, open files and threads stay",
        ("tests/shipping/server/test_fuzz.py",),
        script=("soak.py", "--rounds", "8"),
    ),
    Row(
        45,
        "lists of more images than there is room for, to keep others out; slow senders likewise",
        "who came first is served first",
        ("tests/shipping/server/test_places.py",),
    ),
    Row(
        46,
        "texts made to keep the reader busy: comments of a PPM (20 MB took 3 s), recipes with "
        "50,000 dots in a name (17 s) or brackets in brackets, a million tensors in a header",
        "refused at once, in one kind of error",
        (
            "tests/data/test_portable_header.py",
            "tests/runs/test_recipe.py",
            "tests/runs/test_damaged_model_file.py::test_a_header_of_any_length_is_not_read",
        ),
    ),
    Row(
        47,
        "workers of a server: killed, never ready, deaf, told to stop, without their parent",
        "replaced and said; all end, and what is in work is answered",
        (
            "tests/shipping/server/test_workers.py",
            "tests/shipping/server/test_serve.py",
            "-k",
            "workers",
        ),
    ),
    Row(
        48,
        "run folders in which names lead to pipes, devices or elsewhere; a packed table of splits "
        "that unpacks to very much",
        "one sentence; nothing waits, nothing outside is shown or changed",
        (
            "tests/runs/test_odd_folder.py",
            "tests/runs/test_split_record.py::test_a_record_that_unpacks_to_very_much_is_refused",
            "tests/test_files.py",
            "-k",
            "odd_folder or unpacks or begin_or_end or link",
        ),
    ),
    Row(
        49,
        "tables of labels with quotes that never end, numbers of 5,000 digits, names longer than "
        "any; a learner's journal with brackets in brackets and infinite numbers",
        "one sentence, or the line is passed over",
        (
            "tests/data/test_label_table.py",
            "tests/data/test_class_names.py",
            "tests/data/test_odd_tables.py",
            "tests/lessons/test_odd_journal.py",
            "-k",
            "quote or any_length or odd",
        ),
    ),
    Row(
        50,
        "a search's database in which facts, values, curves and retests were changed",
        "one sentence; the search doesn't go on",
        ("tests/tuning/test_odd_study.py",),
    ),
)


def run(row: Row) -> tuple[int, int, float]:
    """How many tests passed, how many there were, and the seconds."""
    begun = time.perf_counter()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-q", "-m", "slow or not slow"]
        subprocess.run(
            [*command, f"--junit-xml={report}", *row.tests],
            cwd=REPOSITORY,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    tried = count["tests"] - count["skipped"]
    return tried - count["failures"] - count["errors"], tried, time.perf_counter() - begun


def run_script(script: tuple[str, ...]) -> tuple[str, bool]:
    """The last line of a benchmark, and whether it reached its figure."""
    file, *options = script
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "benchmarks" / file), *options],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    return lines[-1] if lines else "failed", done.returncode == 0


def line(row: Row) -> str:
    """Run a row; its line of the table."""
    passed, tried, seconds = run(row)
    reached = f"{passed} of {tried} tests pass"
    is_met = passed == tried > 0 and not row.short
    if row.script:
        came_of_it, met = run_script(row.script)
        reached += f"; {came_of_it}"
        is_met = is_met and met
    if row.short:
        reached += f"; not reached: {row.short}"
    print(f"{row.number}: {reached} ({seconds:.0f} s)", file=sys.stderr, flush=True)
    return in_table(row, reached, "✓" if is_met else "✗")


def in_table(row: Row, reached: str, mark: str) -> str:
    """A line of the table."""
    return f"| {row.number} | {row.tried} | {reached} | {row.figure} | {mark} |"


def write_page(new: dict[int, str]) -> None:
    """Write the page: these lines, and those that are there already."""
    there = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    known = {int(found[1]): found[0] for each in there if (found := NUMBERED.match(each))} | new
    lines = [known.get(row.number, in_table(row, "not run yet", "–")) for row in ROWS]
    text = f"""# Trust: what was tried, and what came of it

Made by `make trust`, last on {date.today():%d %B %Y} ({platform.machine()},
Python {platform.python_version()}). Each row is a set of tests in this repository; the numbers are
those of a longer list of attacks. `SECURITY.md` says what is promised, [format.md](format.md) how
files are checked.

| row | tried | reached | figure to reach | |
|---|---|---|---|---|
"""
    text += "\n".join(lines)
    text += "\n"
    PAGE.write_text(text, encoding="utf-8")


def main() -> None:
    """Run all rows, or those asked for, and write the page after each."""
    wanted = {int(each) for each in sys.argv[1:]}
    for row in ROWS:
        if not wanted or row.number in wanted:
            write_page({row.number: line(row)})


if __name__ == "__main__":
    main()
