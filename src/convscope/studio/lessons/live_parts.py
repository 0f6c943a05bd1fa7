"""Which view of Studio belongs to which place of a lesson: an address for the claim there."""

from __future__ import annotations

LIVE = {
    "1.affine": "network?network=catalog:softmax-regression&layer=dense",
    "2.shapes": "network?network=catalog:mlp",
    "3.chain": "network?network=catalog:mlp&way=backward",
    "4.rates": "train?network=mlp&data=digits&recipe=fast&rate=0.5",
    "4.batch": "train?network=mlp&data=digits&recipe=fast&batch=16",
    "5.overfit": "train?network=mlp&data=digits&recipe=fast&epochs=60",
    "6.repeats": "bench?image=letter&kernel=0,1,0;1,-4,1;0,1,0",
    "6.shift": "bench?image=digit-3&padding=1",
    "7.products": "bench?image=digit-3",
    "7.flip": "bench?image=letter&kernel=0,1;2,3&op=convolution",
    "7.symmetric": "bench?image=letter&kernel=0,1,0;1,-4,1;0,1,0&op=convolution",
    "7.edge": "bench?image=edge&kernel=1,-1",
    "7.learned": "bench?image=digit-8&wanted=sobel-vertical",
    "8.shrink": "bench?image=checkerboard&kernel=1,1,1;1,1,1;1,1,1",
    "8.both_sides": "bench?image=letter&padding=1",
    "8.unseen": "bench?image=checkerboard&kernel=1&stride=2",
    "8.dilation": "bench?image=digit-5&dilation=2",
    "8.modes": "bench?image=square&padding=2&mode=reflect",
    "9.sum": "bench?image=flower&colour=1&side=24",
    "10.worked": "bench?image=ramp&op=max&kernel=1,1;1,1",
    "10.stride": "bench?image=digit-8&op=max&kernel=1,1;1,1&stride=2",
    "10.linear": "bench?image=digit-8&op=average&kernel=1,1;1,1&stride=2",
    "11.growth": "network?network=catalog:lenet&layer=features.conv2&panel=between",
    "11.effective": "network?network=catalog:lenet&layer=features.conv2&field=effective",
    "12.shapes": "network?network=catalog:lenet",
    "13.vgg": "network?network=catalog:vgg11-32px",
    "14.googlenet": "network?network=catalog:googlenet-32px",
    "15.equal": "network?network=catalog:lenet-bn",
    "16.identity": "network?network=catalog:resnet18-32px&expand=1",
    "17.proportional": "plan?network=densenet-32px&data=digits&batch=256",
    "17.recomputed": "plan?network=densenet-32px&data=digits&recompute=1",
    "17.time_range": "plan?network=lenet-bn&data=digits&recipe=fast",
    "18.calibrated": "runs?sort=accuracy",
}
"""By the claim that the part stands behind."""


def live_parts(number: int) -> dict[str, str]:
    """The live parts of a lesson: the address of each, by its claim."""
    return {claim: address for claim, address in LIVE.items() if claim.startswith(f"{number}.")}
