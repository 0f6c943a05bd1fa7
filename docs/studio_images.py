"""Take the pictures of Studio's views: both languages, light and dark, wide and narrow.

    python docs/studio_images.py FOLDER    # all of them, to be looked at
    python docs/studio_images.py --keep    # the few small ones of docs/images/studio

It needs Chromium and playwright.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from convscope.studio.serve import make_server
from convscope.web.listening import listening, shown_address

KEPT = Path(__file__).parent / "images" / "studio"
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
}
SMALL = {  # what is kept: view, language, scheme
    "bench-en-light.png": ("bench", "en", "light"),
    "bench-zh-dark.png": ("bench-digit", "zh", "dark"),
    "network-en-light.png": ("network", "en", "light"),
    "network-zh-dark.png": ("network-digit", "zh", "dark"),
}


def take(
    browser: Browser, address: str, path: str, out: Path, scheme: str, width: int, whole: bool
) -> None:
    """One picture; `whole` goes down to the end of the page."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{address}{path}&token={TOKEN}")
    page.wait_for_selector(".badge.good, .lessons li", timeout=60000)
    page.wait_for_selector("[aria-busy=true]", state="detached", timeout=300000)
    page.screenshot(path=out, full_page=whole)
    context.close()


def main() -> None:
    """Serve an empty studio, and take the pictures."""
    keep = sys.argv[1:] == ["--keep"]
    folder = KEPT if keep else Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with listening("127.0.0.1", 0) as door, tempfile.TemporaryDirectory() as runs:
        server = make_server(Path(runs), "127.0.0.1", door.getsockname()[1], TOKEN)
        door.listen(64)
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        address = shown_address("127.0.0.1", door)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            if keep:
                for name, (view, language, scheme) in SMALL.items():
                    path = f"{VIEWS[view]}&lang={language}"
                    take(browser, address, path, folder / name, scheme, 1280, whole=False)
                    picture = Image.open(folder / name).convert("RGB")
                    small = picture.resize((960, 675), Image.Resampling.LANCZOS)
                    kept = small.quantize(255, Image.Quantize.FASTOCTREE, kmeans=6)
                    kept.save(folder / name, optimize=True)
            else:
                for view, path in VIEWS.items():
                    for language in ("en", "zh"):
                        for scheme in ("light", "dark"):
                            for width in (1280, 390):
                                out = folder / f"{view}-{language}-{scheme}-{width}.png"
                                asked = f"{path}&lang={language}"
                                take(browser, address, asked, out, scheme, width, whole=True)
            browser.close()
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    main()
