"""Makes the locks of the Java engines in `benchmarks/engines/java` anew: `python scripts/lock_engines.py`, then review.

As scripts/lock_kafka.py does for Kafka's. Each wish is resolved by itself and the first version of a jar is taken, as
Maven does for what is nearest: together, one wish's parent would manage the versions of another.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from app.broker.jars import maven_context
from benchmarks.engines.jvm import HERE
from scripts.lock_kafka import SCOPES, line_of

LIGHTGBM = "io.github.metarank:lightgbm4j:4.3.0-1"
LOGGER = "org.slf4j:slf4j-simple:1.7.36"
FLINK = "2.2.1"
LOCKS = {
    "compiler.lock": ("org.eclipse.jdt:ecj:3.46.0",),
    "kafka_streams/jars.lock": ("org.apache.kafka:kafka-streams:4.1.1", LOGGER, LIGHTGBM),
    "flink/jars.lock": (
        f"org.apache.flink:flink-clients:{FLINK}",
        "org.apache.flink:flink-connector-kafka:5.0.0-2.2",
        f"org.apache.flink:flink-connector-base:{FLINK}",
        f"org.apache.flink:flink-statebackend-rocksdb:{FLINK}",
        LOGGER,
        LIGHTGBM,
    ),
}


def lock(wishes: tuple[str, ...], path: Path, repository: Path) -> int:
    """Resolve the wishes, write their lock and return how many jars it names."""
    context = maven_context(repository)
    chosen: dict[tuple[str, str], str] = {}
    for wish in wishes:
        inputs, transitive = context.resolver.resolve([context.create_dependency(wish)])
        for artifact in (found.artifact for found in (*inputs, *transitive) if found.scope in SCOPES):
            name = (artifact.groupId, artifact.artifactId)
            if name not in chosen:
                chosen[name] = line_of(artifact)
    header = f"# Made by scripts/lock_engines.py from {', '.join(wishes)}; class path order."
    path.write_text("\n".join([header, *chosen.values(), ""]))
    return len(chosen)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        for name, wanted in LOCKS.items():
            sys.stdout.write(f"{lock(wanted, HERE / name, Path(empty))} jars locked in {HERE / name}\n")
