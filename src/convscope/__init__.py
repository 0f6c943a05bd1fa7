"""See, plan, train, evaluate and ship convolutional networks, and know every number on the way.

The names below are loaded when they are first used, so that `import convscope` stays fast and
does not load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convscope.version import __version__ as __version__

if TYPE_CHECKING:
    from convscope import experiments as experiments
    from convscope import lessons as lessons
    from convscope.comparison.compare import Comparison as Comparison
    from convscope.comparison.compare import compare as compare
    from convscope.data.image_set import ImageSet as ImageSet
    from convscope.data.load import load as load
    from convscope.data.reading import Reading as Reading
    from convscope.diagnosis.diagnose import diagnose as diagnose
    from convscope.diagnosis.diagnosis import Diagnosis as Diagnosis
    from convscope.errors import ConvscopeError as ConvscopeError
    from convscope.errors import UsageError as UsageError
    from convscope.evaluation.evaluate import evaluate as evaluate
    from convscope.evaluation.evaluation import Evaluation as Evaluation
    from convscope.evaluation.predict import predict as predict
    from convscope.evaluation.prediction import Predictions as Predictions
    from convscope.inspection.drawing.drawing import Drawing as Drawing
    from convscope.inspection.drawing.drawing import draw as draw
    from convscope.inspection.excitation.find import ExcitingImages as ExcitingImages
    from convscope.inspection.excitation.find import find_exciting_images as find_exciting_images
    from convscope.inspection.explanation.explain import explain as explain
    from convscope.inspection.explanation.explanation import Explanation as Explanation
    from convscope.inspection.feature_maps.feature_maps import FeatureMaps as FeatureMaps
    from convscope.inspection.feature_maps.feature_maps import feature_maps as feature_maps
    from convscope.inspection.initialization.compare import (
        InitializationComparison as InitializationComparison,
    )
    from convscope.inspection.initialization.compare import (
        compare_initializations as compare_initializations,
    )
    from convscope.inspection.kernels.filter_image import FilteredImage as FilteredImage
    from convscope.inspection.kernels.filter_image import filter_image as filter_image
    from convscope.inspection.kernels.first_kernels import FirstKernels as FirstKernels
    from convscope.inspection.kernels.first_kernels import first_kernels as first_kernels
    from convscope.inspection.parameters.describe import (
        ParameterDescription as ParameterDescription,
    )
    from convscope.inspection.parameters.describe import describe_parameters as describe_parameters
    from convscope.inspection.parameters.read import read_parameters as read_parameters
    from convscope.inspection.receptive_field.receptive_field import (
        UnitReceptiveField as UnitReceptiveField,
    )
    from convscope.inspection.receptive_field.receptive_field import (
        receptive_field as receptive_field,
    )
    from convscope.inspection.trace.trace import Trace as Trace
    from convscope.inspection.trace.trace import trace as trace
    from convscope.inspection.unit.unit import UnitExplanation as UnitExplanation
    from convscope.inspection.unit.unit import unit as unit
    from convscope.networks.catalog import build as build
    from convscope.networks.catalog import list_networks as list_networks
    from convscope.networks.network import Network as Network
    from convscope.networks.weights import load_weights as load_weights
    from convscope.planning.forecast import Forecast as Forecast
    from convscope.planning.overview import Overview as Overview
    from convscope.planning.overview import plan_all as plan_all
    from convscope.planning.plan import Plan as Plan
    from convscope.planning.plan import plan as plan
    from convscope.runs.fold_group import FoldGroup as FoldGroup
    from convscope.runs.model import Model as Model
    from convscope.runs.recipe import Recipe as Recipe
    from convscope.runs.run import Run as Run
    from convscope.runs.seed_group import SeedGroup as SeedGroup
    from convscope.shipping.export.export import export as export
    from convscope.training.folds import train_folds as train_folds
    from convscope.training.resume import resume as resume
    from convscope.training.seeds import train_seeds as train_seeds
    from convscope.training.train import train as train
    from convscope.tuning.study import Study as Study
    from convscope.tuning.tune import tune as tune

# Rooms that are public as they are, each with its own public names.
_ROOMS = ("experiments", "lessons")

_HOME = {
    "Comparison": "convscope.comparison.compare",
    "ConvscopeError": "convscope.errors",
    "Diagnosis": "convscope.diagnosis.diagnosis",
    "Drawing": "convscope.inspection.drawing.drawing",
    "Evaluation": "convscope.evaluation.evaluation",
    "ExcitingImages": "convscope.inspection.excitation.find",
    "Explanation": "convscope.inspection.explanation.explanation",
    "FeatureMaps": "convscope.inspection.feature_maps.feature_maps",
    "FilteredImage": "convscope.inspection.kernels.filter_image",
    "FirstKernels": "convscope.inspection.kernels.first_kernels",
    "Forecast": "convscope.planning.forecast",
    "ImageSet": "convscope.data.image_set",
    "InitializationComparison": "convscope.inspection.initialization.compare",
    "Model": "convscope.runs.model",
    "Network": "convscope.networks.network",
    "Overview": "convscope.planning.overview",
    "ParameterDescription": "convscope.inspection.parameters.describe",
    "Plan": "convscope.planning.plan",
    "Predictions": "convscope.evaluation.prediction",
    "Reading": "convscope.data.reading",
    "Recipe": "convscope.runs.recipe",
    "Run": "convscope.runs.run",
    "SeedGroup": "convscope.runs.seed_group",
    "FoldGroup": "convscope.runs.fold_group",
    "Study": "convscope.tuning.study",
    "Trace": "convscope.inspection.trace.trace",
    "UnitExplanation": "convscope.inspection.unit.unit",
    "UnitReceptiveField": "convscope.inspection.receptive_field.receptive_field",
    "UsageError": "convscope.errors",
    "build": "convscope.networks.catalog",
    "compare": "convscope.comparison.compare",
    "compare_initializations": "convscope.inspection.initialization.compare",
    "describe_parameters": "convscope.inspection.parameters.describe",
    "diagnose": "convscope.diagnosis.diagnose",
    "draw": "convscope.inspection.drawing.drawing",
    "evaluate": "convscope.evaluation.evaluate",
    "explain": "convscope.inspection.explanation.explain",
    "export": "convscope.shipping.export.export",
    "feature_maps": "convscope.inspection.feature_maps.feature_maps",
    "filter_image": "convscope.inspection.kernels.filter_image",
    "find_exciting_images": "convscope.inspection.excitation.find",
    "first_kernels": "convscope.inspection.kernels.first_kernels",
    "list_networks": "convscope.networks.catalog",
    "load": "convscope.data.load",
    "load_weights": "convscope.networks.weights",
    "plan": "convscope.planning.plan",
    "plan_all": "convscope.planning.overview",
    "predict": "convscope.evaluation.predict",
    "read_parameters": "convscope.inspection.parameters.read",
    "receptive_field": "convscope.inspection.receptive_field.receptive_field",
    "resume": "convscope.training.resume",
    "trace": "convscope.inspection.trace.trace",
    "train": "convscope.training.train",
    "train_seeds": "convscope.training.seeds",
    "train_folds": "convscope.training.folds",
    "tune": "convscope.tuning.tune",
    "unit": "convscope.inspection.unit.unit",
}

__all__ = [*sorted([*_HOME, *_ROOMS]), "__version__"]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"convscope.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'convscope' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
