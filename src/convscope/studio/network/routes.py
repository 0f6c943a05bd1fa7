"""What the page of the network view asks, under /api/network.

Whatever needs torch is loaded by the request that needs it first, in the thread that is for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pydantic
from fastapi import APIRouter, Request
from starlette.responses import Response

from convscope.data.decode import decode
from convscope.studio.images import PIXELS, image_names
from convscope.studio.network.choose import list_checkpoints, list_stored
from convscope.studio.network.subject import (
    SIDES,
    InspectedSubject,
    InspectedSubjects,
    SubjectRequest,
)
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse
from convscope.web.failures import Refused, json_response

router = APIRouter()
Found = TypeVar("Found")


class LayerRequest(SubjectRequest):
    """A layer of a network on an image.

    Attributes:
        layer: Its name.
        channel: A plane of it; of many thumbnails, the first one.
    """

    layer: str
    channel: int = 0


class AttributionRequest(SubjectRequest):
    """How much each pixel counts for a class.

    Attributes:
        method: "saliency", "integrated-gradients", "occlusion" or "grad-cam".
        label: The class that is explained; None: the predicted one.
    """

    method: str = pydantic.Field(max_length=64)
    label: int | None = None


class BesideRequest(LayerRequest):
    """A layer of two subjects.

    Attributes:
        other: What stands beside the first.
    """

    other: SubjectRequest


class UnitRequest(SubjectRequest):
    """One number of a network on an image.

    Attributes:
        unit: As in "features.conv1:2,10,12".
        backward: Also the gradients of the loss.
        label: The class taken as right; None: the predicted one.
    """

    unit: str
    backward: bool = False
    label: int | None = None


@router.get("/choices", summary="Networks and images that are there")
async def choices(request: Request) -> Response:
    """Networks of the catalog with the images they usually get, runs and weights, and images."""

    def find() -> dict[str, Any]:
        from convscope.networks.catalog import entry, list_networks

        catalog = [
            {"name": f"catalog:{name}", "channels": entry(name).image[0],
             "size": entry(name).image[1]}
            for name in list_networks()
        ]  # fmt: skip
        stored = [f"stored:{name}" for name in list_stored(request.app.state.runs)]
        checkpoints = [f"stored:{name}" for name in list_checkpoints(request.app.state.runs)]
        return {
            "catalog": catalog, "stored": stored, "checkpoints": checkpoints,
            "images": image_names(), "sizes": list(SIDES),
        }  # fmt: skip

    return json_response(await _in_thread(request, find))


@router.post("/image", summary="An image that a person brings, made square and small")
async def bring(request: Request, size: int = 96) -> Response:
    """The body is a file of at most 20 MiB; the answer is uint8 (3, size, size)."""
    if not request.headers.get("content-type", "").startswith("image/"):
        raise Refused(415, "Send one image as the body, with its type, as in image/png.")
    low, high = SIDES
    if not low <= size <= high:
        raise refuse("refused.network.size", given=size, low=low, high=high)
    body = await request.body()

    def read() -> dict[str, Any]:
        return send_array(decode(body, size=size, max_pixels=PIXELS, channels=3))

    return json_response({"image": await asyncio.to_thread(read)})


@router.post("/open", summary="A network's layers, and its answer to an image")
async def open_subject(asked: SubjectRequest, request: Request) -> Response:
    """The image as the network gets it, all layers with shapes and costs, and probabilities."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.overview import overview

        return overview(subject)

    return await _answer(request, asked, find)


@router.post("/planes", summary="The feature maps of a layer as thumbnails")
async def planes(asked: LayerRequest, request: Request) -> Response:
    """At most 64 at once, with the range of all of the layer's numbers."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.planes import thumbnails

        return thumbnails(subject, asked.layer, asked.channel)

    return await _answer(request, asked, find)


@router.post("/plane", summary="One feature map, every number of it")
async def one_plane(asked: LayerRequest, request: Request) -> Response:
    """(1, height, width), as the network computed it."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.planes import plane

        return plane(subject, asked.layer, asked.channel)

    return await _answer(request, asked, find)


@router.post("/unit", summary="Where one number comes from, forwards and backwards")
async def unit(asked: UnitRequest, request: Request) -> Response:
    """What `convscope.unit` explains: its largest parts, and the sum of the others."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.unit import explain

        return explain(subject, asked.unit, backward=asked.backward, label=asked.label)

    return await _answer(request, asked, find)


@router.post("/field", summary="How much each pixel of the image matters to a unit")
async def field(asked: UnitRequest, request: Request) -> Response:
    """The effective receptive field: the size of the unit's gradient by each pixel."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.unit import field_of

        return field_of(subject, asked.unit)

    return await _answer(request, asked, find)


@router.post("/between", summary="What a unit sees of every layer between the image and itself")
async def fields_between(asked: UnitRequest, request: Request) -> Response:
    """Of each layer: the box that can matter, and how much each place does, as a small image."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.between import between

        return between(subject, asked.unit)

    return await _answer(request, asked, find)


@router.post("/attribution", summary="How much each pixel counts for a class")
async def attribution_of(asked: AttributionRequest, request: Request) -> Response:
    """(1, height, width), by one of the methods of `convscope.explain`."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.attribution import attribution

        return attribution(subject, asked.method, asked.label)

    return await _answer(request, asked, find)


@router.post("/kernels", summary="The kernels of a convolution as images")
async def kernels_of(asked: LayerRequest, request: Request) -> Response:
    """All of them where one image shows each, else the slices of one."""

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.kernels import kernels

        return kernels(subject, asked.layer, asked.channel)

    return await _answer(request, asked, find)


@router.post("/beside", summary="One feature map of two images, or of two states of a network")
async def side_by_side(asked: BesideRequest, request: Request) -> Response:
    """Both maps in one range, how far they are apart, and both answers."""
    state = request.app.state
    if not hasattr(state, "subjects_beside"):
        state.subjects_beside = InspectedSubjects(state.runs, state.evaluated)

    def find(subject: InspectedSubject) -> dict[str, Any]:
        from convscope.studio.network.beside import beside

        other = state.subjects_beside.open(asked.other)
        return beside(subject, other, asked.layer, asked.channel)

    return await _answer(request, asked, find)


@router.get("/blocks", summary="The blocks of a network that its drawing can fold")
async def blocks(request: Request, network: str, size: int = 0) -> Response:
    """Their names, outermost first, each with how deep it lies in others."""

    def find() -> dict[str, Any]:
        from convscope.studio.network.drawing import foldable

        return {"blocks": foldable(network, request.app.state.runs, size)}

    return json_response(await _in_thread(request, find))


@router.get("/drawing", summary="A network, drawn")
async def drawing(
    request: Request, network: str, size: int = 0, folded: str = "", expand: bool = False
) -> Response:
    """An SVG. `folded` names blocks, with "|" between them, that are drawn as one step each."""

    def find() -> str:
        from convscope.studio.network.drawing import draw_folded

        names = [name for name in folded.split("|") if name]
        return draw_folded(network, request.app.state.runs, size, names, expand=expand)

    svg = await _in_thread(request, find)
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(svg, media_type="image/svg+xml", headers=policy)


async def _answer(
    request: Request, asked: SubjectRequest, find: Callable[[InspectedSubject], dict[str, Any]]
) -> Response:
    """Open what is asked for, in the thread for torch, and look at it."""
    state = request.app.state
    if not hasattr(state, "subjects"):
        state.subjects = InspectedSubjects(state.runs, state.evaluated)
    return json_response(await _in_thread(request, lambda: find(state.subjects.open(asked))))


async def _in_thread(request: Request, work: Callable[[], Found]) -> Found:
    thread = request.app.state.torch_thread
    return await asyncio.get_running_loop().run_in_executor(thread, work)
