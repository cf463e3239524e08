"""Other stream engines on a lighter job than ours, beside Prahari in one run: `python -m benchmarks engines`.

The job: two stateful steps, keyed by payer and by payee, 20 features, five rules, LightGBM of 200 trees, one decision
per payment, state with changelog or snapshots. No budget, alerts, reasons, alignment, verdicts or duplicates: what an
engine's user would write in an afternoon, tuned as its documentation advises. `job` is the same Python for those in
Python; Kafka Streams and Flink run it in Java (`java/job`), which `check` holds to it before they are measured.

Their packages are installed once into an environment of their own under `build/`, Java is compiled there; nothing of
ours is imported by any of them.
"""
