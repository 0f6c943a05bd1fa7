"""Predictions over HTTP, for other programs and for a page to try images on.

`serve` measures the engines (`engines`, `choice`), opens the port and stops without losing
requests. A request passes `web.connection` (clocks), `guard` (host, origin, token), `app` (the
routes), `web.bodies` (limits of bytes) and `body`; `requests` decodes its images on threads and
hands them to `batcher`, whose one thread computes. `schema` are the shapes of JSON, `pages` the
two pages, `metrics` the counters, `limits` the limits. `http_server` stops without losing anything;
`several` serves one model by several processes, which `workers` keeps.

Promises: an image gets the same prediction, up to rounding, however busy the server is; what it
has accepted when it is told to stop is answered; nothing is unpickled, fetched or named by a
client. It serves one model, and it speaks no TLS: put it behind a proxy for that.
"""
