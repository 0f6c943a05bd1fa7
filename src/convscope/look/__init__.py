"""What all results look like: the same numbers, colours, figures and tables everywhere.

- `numbers`: numbers in words, one way for terminal, figures and pages ("4 min 10 s", "1.66 MB").
- `names`: names in a sentence ("a, b and 3 more").
- `palette`: the colours of figures, drawings and pages; which thing has which colour.
- `canvas`: empty figures in the common style, written to a PNG file or kept in memory.
- `panels`: images, maps and small matrices, each drawn into one part of a figure.
- `image_grid`: a sheet of small images with captions.
- `html`: text escaped, and the small tables that results show in a notebook.
- `language`: texts in English and Chinese, and which of them is wanted.
- `control_codes`, `terminal`: names that would steer a terminal, spelled out.
- `progress`: a bar on standard error for what turns out to take long.

It is the ground floor: it imports no other room, knows nothing of networks or runs, and does not
load torch. `numbers`, `names`, `palette` and `html` do not load matplotlib either. What a figure
shows is decided in the room that the result belongs to. Nothing here is public in `convscope`.
"""
