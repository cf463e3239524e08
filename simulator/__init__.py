"""A seeded world of people, merchants and frauds, written to a file or streamed to Kafka.

Everything is a function of (seed, id): person 17 of seed 42 is the same person in every history and every stream, so
a stream continues the world of a history. Fraud exists in the data only; what is true stands beside it, in columns
(`is_fraud`, `fraud_type`) or in a truth file that scoring never reads.
"""
