"""DenseNet (Huang and others, 2016): four blocks of four layers, growth rate 32, for 96×96."""

import keras
from keras import layers

GROWTH, LAYERS, BLOCKS = 32, 4, 4


def normalization(x: keras.KerasTensor) -> keras.KerasTensor:
    """Batch norm, ReLU."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))


def layer(x: keras.KerasTensor, channels: int, kernel: int) -> keras.KerasTensor:
    """Batch norm, ReLU, convolution."""
    x = normalization(x)
    return layers.Conv2D(channels, kernel, padding="same", use_bias=False)(x)


def build(images: keras.KerasTensor) -> keras.KerasTensor:
    """From (N, 96, 96, 1) to (N, 10)."""
    channels = 64
    x = layers.Conv2D(channels, 7, strides=2, padding="same", use_bias=False)(images)
    x = normalization(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for number in range(BLOCKS):
        if number > 0:
            channels //= 2
            x = layers.AveragePooling2D(2)(layer(x, channels, 1))
        for _ in range(LAYERS):
            x = layers.Concatenate()([x, layer(x, GROWTH, 3)])
        channels += LAYERS * GROWTH
    return layers.Dense(10)(layers.GlobalAveragePooling2D()(normalization(x)))
