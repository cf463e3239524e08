"""Faults against a whole deployment, by seed: real Kafka, real workers, and an audit that shares no code with them.

`plan` draws what happens from a seed, `load` makes the records, `faults` does the harm, `naive` says from the logs what
had to come out, `audit` compares, `trial` runs one seed, `python -m tests.chaos` runs many.
"""
