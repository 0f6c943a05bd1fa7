"""GoogLeNet (Szegedy and others, 2014, table 1), without the auxiliary classifiers, for 96×96."""

import keras
from keras import layers


def convolution(
    x: keras.KerasTensor, channels: int, kernel: int, strides: int = 1
) -> keras.KerasTensor:
    """A convolution that keeps height and width at stride 1, and a ReLU."""
    return layers.Conv2D(channels, kernel, strides, "same", activation="relu")(x)


def inception(
    x: keras.KerasTensor, c1: int, r3: int, c3: int, r5: int, c5: int, pool: int
) -> keras.KerasTensor:
    """Four paths side by side; the numbers are a row of the paper's table 1."""
    paths = [
        convolution(x, c1, 1),
        convolution(convolution(x, r3, 1), c3, 3),
        convolution(convolution(x, r5, 1), c5, 5),
        convolution(layers.MaxPooling2D(3, strides=1, padding="same")(x), pool, 1),
    ]
    return layers.Concatenate()(paths)


def build(images: keras.KerasTensor) -> keras.KerasTensor:
    """From (N, 96, 96, 1) to (N, 10)."""
    x = convolution(images, 64, 7, strides=2)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = convolution(convolution(x, 64, 1), 192, 3)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = inception(x, 64, 96, 128, 16, 32, 32)
    x = inception(x, 128, 128, 192, 32, 96, 64)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = inception(x, 192, 96, 208, 16, 48, 64)
    x = inception(x, 160, 112, 224, 24, 64, 64)
    x = inception(x, 128, 128, 256, 24, 64, 64)
    x = inception(x, 112, 144, 288, 32, 64, 64)
    x = inception(x, 256, 160, 320, 32, 128, 128)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = inception(x, 256, 160, 320, 32, 128, 128)
    x = inception(x, 384, 192, 384, 48, 128, 128)
    return layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
