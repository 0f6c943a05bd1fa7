"""Looking into networks: what they compute, cost, see and respond to. Nothing here trains.

- `open/`: what stands for a network, an image or data, told apart in one place.
- `trace/`: layer by layer, shapes, parameters, MACs, memory. `drawing/`: a drawing of it.
- `unit/`: where one number comes from, forwards and backwards, checked against the network.
- `receptive_field/`: what units see of the image, and how much each pixel matters.
- `explanation/`: what a prediction rests on; the methods are in `attribution/`.
- `feature_maps/`, `kernels/`: what layers make of an image; kernels made by hand and learned.
- `excitation/`: the images of a data set that excite a channel most.
- `initialization/`: what initial weights do to the signal. `parameters/`: what there is to learn.

Every function takes for its network a name of the catalog, a module, a run, its folder or a model
file, and leaves it as found. Every result prints (`str`), shows itself in a notebook, draws itself
(`figure(path=None)`) and becomes data (`as_dict()`); files are written only when a path is given.
Only `cli/` imports from here.

Public, each with its result: `trace` (`Trace`), `draw` (`Drawing`), `unit` (`UnitExplanation`),
`receptive_field` (`UnitReceptiveField`), `explain` (`Explanation`), `feature_maps` (`FeatureMaps`),
`first_kernels` (`FirstKernels`), `filter_image` (`FilteredImage`), `find_exciting_images`
(`ExcitingImages`), `compare_initializations` (`InitializationComparison`), `describe_parameters`
(`ParameterDescription`), `read_parameters`.
"""
