"""Workers: they open the application and call one use case. The job table is the queue; messages are
nudges.
"""
