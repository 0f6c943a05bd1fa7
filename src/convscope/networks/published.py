"""The weights that torchvision publishes for networks of the catalog, as facts: nothing is fetched.

Addresses and sizes are those in the source of torchvision 0.29 (`torchvision/models/*.py`,
`Weights.url` and `_file_size`); the name of each file ends with the first eight digits of its
SHA-256. Where two were trained, these are the ones called `IMAGENET1K_V1`: regularizers such as the
label smoothing of the others help on ImageNet and hurt what is built on frozen features (Kornblith
et al. 2019, "Do better ImageNet models transfer better?").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from convscope.errors import UsageError
from convscope.look.names import join_names
from convscope.networks.catalog import entry

ADDRESS = "https://download.pytorch.org/models/"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in ImageNet, by which all of these networks had their images scaled."""

SIZE = 224
LICENCE = (
    "torchvision is under BSD-3-Clause; it states no licence for these weights, which were trained "
    "on ImageNet-1k, which is given for non-commercial research and teaching"
)


@dataclass(frozen=True)
class PublishedWeights:
    """A file of weights on the net.

    Attributes:
        file: Its name; `ADDRESS` stands before it.
        mebibytes: Its size, as torchvision states it.
        arguments: How the network of the catalog is built for them.
    """

    file: str
    mebibytes: float
    arguments: dict[str, bool] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it is."""
        return ADDRESS + self.file

    @property
    def sha256(self) -> str:
        """The first eight digits of its SHA-256."""
        return self.file.removesuffix(".pth").rpartition("-")[2]


PUBLISHED = {
    "alexnet-torchvision": PublishedWeights("alexnet-owt-7be5be79.pth", 233.087),
    "vgg11": PublishedWeights("vgg11-8a719046.pth", 506.84),
    "vgg11-bn": PublishedWeights("vgg11_bn-6002323d.pth", 506.881),
    "vgg13": PublishedWeights("vgg13-19584684.pth", 507.545),
    "vgg13-bn": PublishedWeights("vgg13_bn-abd245e5.pth", 507.59),
    "vgg16": PublishedWeights("vgg16-397923af.pth", 527.796),
    "vgg16-bn": PublishedWeights("vgg16_bn-6c64b313.pth", 527.866),
    "vgg19": PublishedWeights("vgg19-dcbb9e9d.pth", 548.051),
    "vgg19-bn": PublishedWeights("vgg19_bn-c79401a0.pth", 548.143),
    "googlenet-torchvision": PublishedWeights(
        "googlenet-1378be20.pth", 49.731, {"transform_input": True}
    ),
    "resnet18": PublishedWeights("resnet18-f37072fd.pth", 44.661),
    "resnet34": PublishedWeights("resnet34-b627a593.pth", 83.275),
    "resnet50": PublishedWeights("resnet50-0676ba61.pth", 97.781),
    "resnet101": PublishedWeights("resnet101-63fe2227.pth", 170.511),
    "resnet152": PublishedWeights("resnet152-394f9c45.pth", 230.434),
    "densenet121": PublishedWeights("densenet121-a639ec97.pth", 30.845),
    "densenet169": PublishedWeights("densenet169-b2777c0a.pth", 54.708),
    "densenet201": PublishedWeights("densenet201-c1103571.pth", 77.373),
    "mobilenet-v2": PublishedWeights("mobilenet_v2-b0353104.pth", 13.555),
}


def find_published(network: str) -> PublishedWeights:
    """What is published for a network of the catalog.

    Raises:
        UsageError: There is no such network, or nothing is published for it.
    """
    if network not in PUBLISHED:
        native = next((name for name in PUBLISHED if entry(name).native == network), None)
        near = f" For {native!r}, which takes larger images, there are." if native else ""
        raise UsageError(
            f"There are no published weights for {network!r}.{near} Published are those of "
            f"{join_names(map(repr, PUBLISHED), len(PUBLISHED))}. Or begin from a run of yours: "
            "--from RUN."
        )
    return PUBLISHED[network]
