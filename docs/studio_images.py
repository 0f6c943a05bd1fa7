"""Take the pictures of Studio's views: both languages, light and dark, wide and narrow.

    python docs/studio_images.py FOLDER         # all of them, to be looked at
    python docs/studio_images.py FOLDER train   # those of one view
    python docs/studio_images.py --keep         # the few small ones of docs/images/studio

It needs Chromium and playwright.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

import convscope as cs
from convscope.studio.serve import make_server
from convscope.studio.train.settings import TrainingSettings
from convscope.studio.train.trainings import TrainingList
from convscope.web.listening import listening, shown_address

KEPT = Path(__file__).resolve().parent / "images" / "studio"
TOKEN = "for-these-pictures-only"  # noqa: S105
VIEWS = {  # a view's name and what is set in it
    "bench": "/bench?image=china&side=64",
    "bench-digit": "/bench?image=digit-3&padding=1",
    "bench-colour": "/bench?image=flower&colour=1&stride=2&padding=1&mode=reflect",
    "bench-pooling": "/bench?image=digit-8&op=max&kernel=1,1;1,1&stride=2",
    "network": "/network?network=catalog:resnet18&image=china&layer=layer1.0.conv1",
    "network-attribution": "/network?network=catalog:resnet18&image=flower&panel=attribution",
    "network-between": "/network?network=catalog:lenet&layer=features.conv2&panel=between",
    "network-beside": "/network?network=catalog:lenet&panel=beside",
    "lessons": "/lessons?lesson=0",
    "network-digit": "/network?network=catalog:lenet&layer=features.conv2&way=backward",
    "train": "/train?run=lenet-bn-digits-1",
    "train-setup": "/train?network=lenet-bn&data=digits&recipe=fast&epochs=15",
    "runs": "/runs?chosen=lenet-bn-digits-1|resnet9|mlp",
    "runs-one": "/runs?run=lenet-bn-digits-1&label=8&predicted=8",
    "plan": "/plan?network=lenet-bn&data=digits&recipe=fast&epochs=15",
}
READY = {  # what shows that a view is complete, where it isn't the mark that all agrees
    "lessons": ".lessons li",
    "train": ".learned canvas",
    "train-setup": ".expected",
    "runs": ".together .said",
    "runs-one": ".pictures canvas",
    "plan": ".timeline .peak-words",
}
SMALL = {  # what is kept: view, language, scheme
    "bench-en-light.png": ("bench", "en", "light"),
    "bench-zh-dark.png": ("bench-digit", "zh", "dark"),
    "network-en-light.png": ("network", "en", "light"),
    "network-zh-dark.png": ("network-digit", "zh", "dark"),
    "train-en-light.png": ("train", "en", "light"),
    "train-zh-dark.png": ("train", "zh", "dark"),
    "runs-en-light.png": ("runs-one", "en", "light"),
    "runs-zh-dark.png": ("runs", "zh", "dark"),
    "plan-en-light.png": ("plan", "en", "light"),
    "plan-zh-dark.png": ("plan", "zh", "dark"),
    "lessons-en-light.png": ("lessons", "en", "light"),
    "lessons-zh-dark.png": ("lessons", "zh", "dark"),
}


def train_one(runs: Path) -> None:
    """The run that the train view shows, started as Studio does."""
    trainings = TrainingList(runs)
    settings = TrainingSettings(network="lenet-bn", data="digits", recipe="fast", epochs=15)
    begun = trainings.start(settings)
    while begun.is_going_on:
        time.sleep(0.2)


def train_more(runs: Path) -> None:
    """The runs that stand beside it in the table."""
    for network, epochs in (("softmax-regression", 12), ("mlp", 15), ("resnet9", 4)):
        cs.train(network, "digits", "fast", epochs=epochs, out=runs / network, quiet=True)


def take(
    browser: Browser, address: str, view: str, query: str, out: Path, scheme: str, width: int,
    whole: bool,
) -> None:  # fmt: skip
    """One picture; `whole` goes down to the end of the page."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{address}{VIEWS[view]}&{query}&token={TOKEN}")
    page.wait_for_selector(READY.get(view, ".badge.good"), timeout=170000)
    if view == "train":
        page.wait_for_selector(".said")
    if view == "plan":
        page.locator(".all button").first.click()
        page.wait_for_selector(".all svg.chart", timeout=170000)
        page.evaluate("scrollTo(0, 0)")
    page.wait_for_selector("[aria-busy=true]", state="detached", timeout=300000)
    page.screenshot(path=out, full_page=whole)
    context.close()


def main() -> None:
    """Serve an empty studio, and take the pictures."""
    keep = sys.argv[1:2] == ["--keep"]
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    folder = KEPT if keep else Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    runs = "runs"  # so it stands in the pictures
    with listening("127.0.0.1", 0) as door, tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        Path(runs).mkdir()
        server = make_server(Path(runs), "127.0.0.1", door.getsockname()[1], TOKEN)
        door.listen(64)
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        address = shown_address("127.0.0.1", door)
        if only.partition("-")[0] in ("", "train", "runs", "plan"):
            train_one(Path(runs))
        if only.partition("-")[0] in ("", "runs", "plan"):
            train_more(Path(runs))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            if keep:
                for name, (view, language, scheme) in SMALL.items():
                    if not view.startswith(only):
                        continue
                    query = f"lang={language}"
                    take(browser, address, view, query, folder / name, scheme, 1280, whole=False)
                    picture = Image.open(folder / name).convert("RGB")
                    small = picture.resize((960, 675), Image.Resampling.LANCZOS)
                    kept = small.quantize(255, Image.Quantize.FASTOCTREE, kmeans=6)
                    kept.save(folder / name, optimize=True)
            else:
                for view in (each for each in VIEWS if each.startswith(only)):
                    for language in ("en", "zh"):
                        for scheme in ("light", "dark"):
                            for width in (1280, 390):
                                out = folder / f"{view}-{language}-{scheme}-{width}.png"
                                query = f"lang={language}"
                                take(browser, address, view, query, out, scheme, width, whole=True)
            browser.close()
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    main()
