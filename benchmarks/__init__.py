"""What Prahari costs and how fast it answers, measured from outside: `make bench`, `python -m benchmarks --help`.

Each command starts a broker and workers of its own, puts a seeded load on them and reads Kafka's own timestamps and
the operating system's own CPU counts. Workers run as a user runs them, every feature, rule and the budget on.
"""
