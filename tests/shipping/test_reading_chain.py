"""A file gives the same probabilities from evaluate, predict, an export's own program and a server,
however files were read for training.
"""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

import convscope as cs
from convscope.data.batches import Normalization
from convscope.data.decode import decode
from convscope.shipping.export.reader import read
from convscope.shipping.server.choice import choose
from tests.data.image_files import write_files
from tests.shipping.server.serving import post, served


def wide(label, seed, kind):
    """A wide image whose classes differ at its ends alone."""
    random = np.random.default_rng(seed)
    height, width = 16 + seed % 3, 40 + seed % 5
    levels = random.uniform(0, 0.4, (height, width))
    levels[:, :8] += 0.5 * label
    levels[:, -8:] += 0.5 * (1 - label)
    buffer = io.BytesIO()
    if kind == "16 bits":
        Image.fromarray((1050 + 100 * levels).astype(np.uint16)).save(buffer, "PNG")
    elif kind == "float":
        Image.fromarray((3000 * levels - 1000).astype(np.float32)).save(buffer, "TIFF")
    else:
        grey = Image.fromarray((255 * levels).astype(np.uint8))
        grey.convert("RGB").save(buffer, kind, quality=90)
    return buffer.getvalue()


CHAINS = [
    ("pad", "16 bits", "png"),
    ("stretch", "float", "tif"),
    ("pad", "JPEG", "jpg"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("fit", "kind", "suffix"), CHAINS)
def test_all_say_the_same_of_a_file(tmp_path, fit, kind, suffix):
    onnxruntime = pytest.importorskip("onnxruntime")
    files = {
        f"{name}/{number}.{suffix}": wide(label, 100 * label + number, kind)
        for label, name in enumerate(("left", "right"))
        for number in range(24)
    }
    data = write_files(tmp_path / "data", files)
    run = cs.train(
        "lenet-bn", data, "fast", size=28, epochs=8, batch_size=8, validation=0.2, fit=fit,
        precision="float32", device="cpu", out=tmp_path / "run", quiet=True,
    )  # fmt: skip
    model = run.model()
    card = model.card
    assert card.fit == fit
    evaluation = cs.evaluate(run, quiet=True, device="cpu")
    paths = evaluation.images.paths
    assert len(paths) >= 4
    evaluated = (evaluation.logits.values / card.temperature).softmax(1).numpy()

    said = cs.predict(run, paths, top=2, device="cpu", quiet=True).predictions
    predicted = [{each.label: each.probability for each in one.top} for one in said]
    np.testing.assert_allclose(
        [[one[name] for name in card.classes] for one in predicted], evaluated, atol=1e-5
    )

    engine = choose(model, torch.device("cpu"), 8, "float32").quick
    with served(engine, card=card) as (address, _):
        for path, expected in zip(paths, evaluated, strict=True):
            with open(path, "rb") as file:  # noqa: PTH123
                kind_of_file = {"Content-Type": f"image/{suffix}"}
                answer = post(address, file.read(), kind_of_file, params={"top": 2}).json()
            found = {each["label"]: each["probability"] for each in answer["predictions"][0]["top"]}
            np.testing.assert_allclose([found[name] for name in card.classes], expected, atol=2e-4)

    cs.export(run, tmp_path / "model.onnx", quiet=True)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    facts = session.get_modelmeta().custom_metadata_map
    size, grey_range = int(facts["size"]), json.loads(facts["grey_range"])
    exported = np.concatenate(
        [session.run(None, {"images": read(path, size, grey_range)})[1] for path in paths]
    )
    # It resizes by itself, so pixels differ by a grey level or two.
    np.testing.assert_allclose(exported, evaluated, atol=0.02)

    # Read in another way, the same files give something else: so the above says something.
    def ask_network(fit, **how):
        batch = np.stack(
            [decode(path, size=28, channels=card.channels, fit=fit, **how) for path in paths]
        )
        scaled = Normalization(card.mean, card.std).apply(torch.from_numpy(batch))
        with torch.no_grad():
            return (model.network(scaled) / card.temperature).softmax(1).numpy()

    how = {"grey_range": card.grey_range or (0, 65535)}
    np.testing.assert_allclose(ask_network(fit, **how), evaluated, atol=1e-4)
    assert abs(ask_network("crop", **how) - evaluated).max() > 0.05
    if kind != "JPEG":
        low, high = card.grey_range
        other = (low - (high - low), high)
        assert abs(ask_network(fit, grey_range=other) - evaluated).max() > 0.05
