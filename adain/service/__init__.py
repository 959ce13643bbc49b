"""A service over HTTP: one process, one model.

    request  ->  body  ->  wish  ->  desk  ->  restyler  ->  answer
                 bounded   checked   queued    in a thread

limits.py    what a request may take
problems.py  what is told of an error: application/problem+json with a stable code
body.py      the parts of a request, read within the limits
wish.py      what they ask for
desk.py      the queue and the threads that work
restyler.py  one wish done: bytes to bytes
cache.py     codes of paintings that were sent, by their hash
metrics.py   counts and times for Prometheus
lingering.py answers before the whole request has come
app.py       the addresses
openapi.py   their description
server.py    uvicorn, with limits on how slow a client may be, and its end
"""
