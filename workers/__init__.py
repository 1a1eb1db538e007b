"""Workers: they open the application and call one use case. The job table is the queue; messages are nudges.

Two forms of the same: threads of a process beside the service (`embedded`, `beside`), or processes of their
own, on as many hosts as there are, over Redis (`app`, `schedule`).
"""
