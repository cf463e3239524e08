"""The past decided again as it would have been live: rows, rules, model and budget, and what they were worth.

`decide` folds and scores, `spend` gives out the day's alerts, `tally` and its neighbours count, `report` writes. Labels
arrive late for whoever decides; only the counting afterwards knows them all.
"""
