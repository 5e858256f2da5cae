"""My Portal: a person sees who used, asked for and was provided with what, with the proof of each record.

The national log-in by the Individual Number Card (JPKI) is not part of it: a simulator stands in its place, and says so.
"""
