"""Real Apache Kafka for demo, tests and development, needing neither Java, Docker nor Maven on the machine.

`python -m app.broker --port 9092 --data DIR` runs it; `app.broker.embedded.EmbeddedBroker` is the same in Python.
"""
