"""What the page of the bench asks, under /api/bench."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from convscope.inspection.kernels.kernel import GALLERY
from convscope.studio.bench.check import check
from convscope.studio.bench.compute import compute
from convscope.studio.bench.settings import BenchSettings, Setting
from convscope.studio.bench.teach import TeachRequest, teach
from convscope.studio.images import SIDES, brought, built_in, image_names
from convscope.studio.numbers import send_array
from convscope.web.failures import Refused, json_response

router = APIRouter()


@router.get("/choices", summary="Images and kernels that are there")
def choices() -> Response:
    """The names of images, the sides of photographs, and the gallery of kernels."""
    kernels = [
        {
            "name": kernel.name,
            "weights": send_array(kernel.weights[None]),
            "rows": [list(row) for row in kernel.rows],
            "divisor": kernel.divisor,
        }
        for kernel in GALLERY.values()
    ]
    return json_response({"images": image_names(), "sides": list(SIDES), "kernels": kernels})


@router.get("/image", summary="An image that is there")
def image(name: str, side: int = 48, colour: bool = False) -> Response:
    """Its pixels (channels, height, width) and the largest value they could have."""
    return json_response(built_in(name, side, colour))


@router.post("/image", summary="An image that a person brings, made small")
async def bring(request: Request, side: int = 48, colour: bool = False) -> Response:
    """The body is a file of at most 20 MiB; the answer is as for an image that is there."""
    if not request.headers.get("content-type", "").startswith("image/"):
        raise Refused(415, "Send one image as the body, with its type, as in image/png.")
    return json_response(await asyncio.to_thread(brought, await request.body(), side, colour))


@router.post("/compute", summary="All numbers of one setting, by the definitions")
def numbers(settings: BenchSettings) -> Response:
    """The padded image, what each channel adds, the output, and how its size follows."""
    return json_response(compute(Setting(settings)))


@router.post("/check", summary="The same output by PyTorch")
async def compare(settings: BenchSettings, request: Request) -> Response:
    """The largest difference between PyTorch's output and that of the definitions."""
    thread = request.app.state.torch_thread
    found = await asyncio.get_running_loop().run_in_executor(thread, check, Setting(settings))
    return json_response(found)


@router.post("/teach", summary="Teach a kernel what another does")
def learn(asked: TeachRequest) -> Response:
    """Steps of gradient descent, and how far the first gradient is from the definitions'."""
    return json_response(teach(asked))
