"""Keras 3 as its guides use it: `compile` and `fit`, on TensorFlow or JAX (KERAS_BACKEND).

The whole set lies in memory; a layer in front of the network enlarges the images. Channels last, as
is Keras' default; mixed bfloat16, and on TensorFlow XLA, which Keras switches on by itself, if they
were found to be faster.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from timeline import Timeline


class Clock(keras.callbacks.Callback):
    """Notes the moments; within `fit`, a test is the evaluation after an epoch."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self.timeline = timeline

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """A step has ended."""
        self.timeline.end_step()

    def on_test_begin(self, logs: Any = None) -> None:
        """The steps have ended."""
        self.timeline.end_training()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """The epoch was evaluated."""
        self.timeline.end_evaluation()


def load(settings: dict[str, Any], split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, 28, 28, 1) and labels int32."""
    with np.load(Path(settings["folder"]) / f"{split}.npz") as arrays:
        some = {name: arrays[name][: settings["images"][split]] for name in arrays}
    return some["images"][..., None], some["labels"].astype(np.int32)


def set_threads(threads: int) -> None:
    """TensorFlow asks how many; JAX takes the cores that the process may use."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)


def version() -> str:
    """Keras and what it runs on."""
    backend = importlib.import_module(keras.backend.backend())
    return f"keras {keras.__version__}, {backend.__name__} {backend.__version__}"


def main() -> None:
    """Train and evaluate; print when what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=json.loads)
    settings = parser.parse_args().settings
    timeline = Timeline()
    set_threads(settings["threads"])
    keras.utils.set_random_seed(0)
    if settings["way"].startswith("bfloat16"):
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    size = settings["size"]
    images, labels = load(settings, "train")
    test = load(settings, "test")
    pixels = inputs = keras.Input((28, 28, 1), dtype="uint8")
    if size != 28:
        pixels = layers.Resizing(size, size, "bilinear")(pixels)
    pixels = layers.Rescaling(1 / 255)(pixels)
    build = importlib.import_module(f"keras_networks.{settings['network']}").build
    logits = layers.Activation("linear", dtype="float32")(build(pixels))
    model = keras.Model(inputs, logits)
    model.compile(
        optimizer=keras.optimizers.SGD(settings["learning_rate"]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile="XLA" in settings["way"] or keras.backend.backend() == "jax",
    )
    history = model.fit(
        images,
        labels,
        batch_size=settings["batch_size"],
        epochs=settings["epochs"],
        validation_data=test,
        callbacks=[Clock(timeline)],
        verbose=0,
    )
    timeline.show(
        accuracy=history.history["val_accuracy"][-1],
        weights=sum(int(np.prod(each.shape)) for each in model.trainable_variables),
        version=version(),
    )


if __name__ == "__main__":
    main()
