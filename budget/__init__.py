"""The alert budget: at most a fixed share of a day's transactions become alerts, and the likeliest frauds get them.

`ledger` counts and can never be exceeded; `threshold` decides who is admitted, by rank; `candidates` keeps hopeless
payments off the wire; `offline` knows the whole day and says what hindsight would have done. Pure: integers in,
integers out, no clock, so a replay in the recorded order gives the same bytes on any machine.
"""
