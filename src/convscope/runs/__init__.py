"""What a run leaves on disk, and how it is read back.

Training writes a run folder; everything else reads it, so that an evaluation or a prediction loads
no training code. Nothing here trains or evaluates, and nothing is unpickled.

- `recipe`: the settings of a run, as TOML; `choose_recipe` finds them for a network and data,
  `differences` says where recipes differ, `build_for_images` builds the network they ask for,
  `own_module` says whether a module of somebody's own can be trained, `optimization` makes the
  optimizer.
- `source`: where first weights come from (`--from`), `begin_from`: what of them a network takes,
  `last_layers`: what other classes need anew; `stages`: which layers learn when.
- `network_file`: a network in a Python file that somebody named.
- `out_folder`: where a new run goes, reserved for it; `claim`: one process at a time trains there;
  `split_record`: which image was in which split; `changed_recipe`: what may be edited before a run
  goes on.
- `run`: `Run`, the folder: metrics, summary, figure. It can be read while it is written.
- `checked_json`: JSON files that know when a bit of them has changed; `run_facts`: their fields.
- `metrics_file`: metrics.jsonl read piece by piece while it is written; `metric_curves`: its
  quantities as curves, with fewer points, and in words.
- `model_file`: the file `model.safetensors`: weights, and a `ModelCard` with everything else that
  a prediction needs. `model`: `Model`, network and card together, opened once and handed on;
  `open_model` opens a run or a file.
- `checkpoint`: the states that a stopped run goes on from, each checked when it is read.
- `forecast`: what was forecast of the run, beside what it came to.
- `seed_group`: runs of one recipe that differ in the seed alone; `fold_group`: in the part of the
  data that they are tested on. `interval`: how far a share may be off.

Promises: a run folder and a model file of earlier versions open (tests/runs/test_golden.py); a
file is whole or as it was before; weights in which a bit has changed are refused.

Public names: `Recipe`, `Run`, `SeedGroup`, `FoldGroup`; and for those who build on them `Model`,
`ModelCard`.
"""
