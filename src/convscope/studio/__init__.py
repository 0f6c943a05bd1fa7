"""Studio: the page where people look inside networks, touch, and understand.

- `serve.py` opens it (`convscope studio`), `app.py` has its routes, `guard.py` says who may ask.
- `views.py` lists the views that there are. A view has a folder with its JSON interface, computed
  by the public functions and definitions of the library, and a folder in `static/` with its page.
- `numbers.py` carries arrays between the two, every bit; `refusals.py` says what can't be done with
  the page's own words, so that they exist in both languages.
- `images.py`: the images that are there for all views, and files that a person brings.
- `bench/`: the convolution bench; `network/`: any network's layers, maps and numbers; `runs/`: the
  runs of the opened folder; `plan/`: what a training takes, under dials; `lessons/`: the lessons,
  run and shown. `run_folders.py` finds runs for all views, and `run_images.py` the images that they
  were evaluated on.
- `static/`: the page as plain ES modules, its words (`words/en.json`, `words/zh.json`), and the few
  third-party scripts (`vendor/`, see `VENDOR.json`).

Promises: no request leaves the machine; whatever is asked needs the token of the printed address;
the address of a view holds its whole state; each number comes from Python, where it is checked.

Not here: training, inspection, forecasts; Studio asks the library. It loads torch when the first
request needs it. `docs/studio.md` says how a view is added.
"""
