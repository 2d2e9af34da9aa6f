"""Follow the chain and the markets, and believe nobody.

`trust` says what is thought of each source, `sync` what to ask a source of headers next, `desk` joins both
for one source; `quotes`, `facts` and `frames` are what else is asked; `follower` is all of that without
threads, sockets or clocks of its own; `workers` and `run` put it into the world.
"""
