"""State at rest: how an account's state becomes bytes, where the bytes live, and how they survive a lost machine.

`store` keeps one partition in RocksDB, `changelog` keeps the same bytes in Kafka, `partition` joins both behind a
cache and is what a stage holds; `payer_codec` and `payee_codec` turn states into bytes and back.
"""
