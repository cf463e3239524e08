"""Makes `app/broker/jars.lock` anew: `python scripts/lock_kafka.py [KAFKA_VERSION]`, then review the difference.

jgo resolves Kafka with everything it needs at run time, from the machine's Maven repository into an empty folder; each
jar's SHA-256 is written down. From then on only these bytes are used.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.broker.jars import LOCK_PATH, kafka_version, maven_context

# Kafka names no log4j binding: its distribution adds this one. It is added alone, without resolving it: its parent
# manages other versions of Kafka's own jars, which jgo would take.
LOG4J_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
SCOPES = (None, "compile", "runtime")


def line_of(artifact: Any) -> str:
    """Return the line of a lock that names a jar of jgo's, fetched for it: its SHA-256 and its coordinate."""
    digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
    return f"{digest}  {artifact.groupId}:{artifact.artifactId}:{artifact.version}"


def main(version: str) -> None:
    """Resolve Kafka `version` and write the lock."""
    kafka = f"org.apache.kafka:kafka_2.13:{version}"
    with tempfile.TemporaryDirectory() as empty:
        context = maven_context(Path(empty))
        inputs, transitive = context.resolver.resolve([context.create_dependency(kafka)])
        binding = context.create_dependency(LOG4J_BINDING)
        artifacts = [found.artifact for found in (*inputs, *transitive, binding) if found.scope in SCOPES]
        lines = list(map(line_of, artifacts))
    header = [f"# Made by scripts/lock_kafka.py from {kafka} and its log4j binding; class path order.", *lines, ""]
    LOCK_PATH.write_text("\n".join(header))
    sys.stdout.write(f"{len(lines)} jars locked in {LOCK_PATH}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else kafka_version())
