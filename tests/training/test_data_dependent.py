import pytest
import torch
from torch import nn

import convscope as cs
from convscope.experiments.dead_classes import count_dead_classes
from convscope.experiments.nin_variants import build_small_nin, nin_recipe
from convscope.networks.initialization import initialize
from convscope.training.data_dependent import initialize_by_images
from convscope.training.job import prepare


def outputs_of(network, images):
    """What each layer with weights returns, by its path."""
    found = {}
    hooks = [
        layer.register_forward_hook(lambda *a, path=path: found.update({path: a[2].clone()}))
        for path, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    with torch.no_grad():
        network.eval()(images)
    for hook in hooks:
        hook.remove()
    return found


def test_every_channel_has_mean_0_and_deviation_1_whatever_the_depth():
    torch.manual_seed(0)
    images = torch.rand(32, 1, 28, 28)
    for name in ("lenet", "mlp", "nin-32px"):
        network = cs.build(name, 1, 10)
        initialize_by_images(network, images)
        outputs = outputs_of(network, images)
        assert len(outputs) > 1
        for path, output in outputs.items():
            channels = output.movedim(1, 0).flatten(1)
            deviations = channels.std(1, correction=0)
            assert torch.allclose(deviations, torch.ones(len(channels)), atol=1e-3), (name, path)
            layer = network.get_submodule(path)
            if layer.bias is not None:
                assert channels.mean(1).abs().max() < 1e-3, (name, path)


def test_no_class_of_nin_begins_silent_where_the_books_start_silences_some():
    images = torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    silent = {"book": 0, "data-dependent": 0}
    for seed in range(5):
        torch.manual_seed(seed)
        network = build_small_nin()
        initialize(network, "xavier")
        silent["book"] += count_dead_classes(network, images)
        initialize_by_images(network, images)
        silent["data-dependent"] += count_dead_classes(network, images)
    assert silent["book"] > 10
    assert silent["data-dependent"] == 0


def test_what_must_not_change_doesnt():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(1, 4, 3)
            self.norm = nn.BatchNorm2d(4)
            self.twice = nn.Linear(4, 4)
            self.up = nn.ConvTranspose2d(4, 4, 2)
            self.frozen = nn.Dropout()

        def forward(self, images):
            x = self.frozen(self.up(self.norm(self.first(images)))).mean((2, 3))
            return self.twice(self.twice(x))

    network = Odd()
    network.frozen.eval()
    before = {path: part.training for path, part in network.named_modules()}
    images = torch.zeros(4, 1, 8, 8)  # every channel is constant
    initialize_by_images(network, images)
    assert {path: part.training for path, part in network.named_modules()} == before
    assert not any(part._forward_hooks for part in network.modules())
    assert network.norm.num_batches_tracked == 0
    assert all(each.isfinite().all() for each in network.state_dict().values())


def test_hooks_go_when_the_network_fails():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(3, 3))
    with pytest.raises(RuntimeError):
        initialize_by_images(network, torch.rand(2, 1, 8, 8))
    assert not any(part._forward_hooks for part in network.modules())


@pytest.mark.slow
def test_a_recipe_begins_so_from_its_seed_alone():
    digits = {split: cs.load("digits", split).subset(range(64)) for split in ("train", "test")}

    def weights(seed):
        recipe = nin_recipe("digits", initialization="data-dependent", seed=seed)
        job = prepare("lenet", digits, recipe)
        return torch.cat([each.detach().flatten() for each in job.network.parameters()])

    first = weights(3)
    assert torch.equal(first, weights(3))
    assert not torch.equal(first, weights(4))


@pytest.mark.slow
def test_small_nin_learns_where_the_books_start_doesnt():
    from convscope.experiments.start_trials import try_start

    recipe = nin_recipe("digits", epochs=8, clip_gradient=1.0)
    start = recipe.replace(initialization="data-dependent")
    trial = try_start(build_small_nin, "digits", start)
    assert (trial.dead_before, trial.outcome) == (0, "learned")
    assert trial.accuracy > 0.4
