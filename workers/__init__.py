"""Workers: they open the application and call one use case. The job table is the queue; messages are nudges.

Two forms of the same: threads inside the service (`embedded`), or processes of their own, on as many hosts as
there are, over Redis (`app`, `schedule`).
"""
