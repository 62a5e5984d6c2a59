"""A real Kafka broker for tests: one node on free loopback ports, killed and started again as a test wants.

Java and Maven are Debian's (default-jre-headless, maven); the broker's jars are fetched once into a folder
that git ignores.
"""

from __future__ import annotations

import base64
import fcntl
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.clicktrail_process import answers, free_ports, until

BROKER = Path(__file__).resolve().parent / "kafka_broker"
LIB = BROKER / "lib"
HEAP = "-Xmx384m"
KEY_PASSWORD = "of-a-test"
START_S = 60.0
PROPERTIES = r"""
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.location={folder}/keys
ssl.keystore.type=PKCS12
ssl.keystore.password={key_password}
ssl.key.password={key_password}
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.check.interval.ms=1000
"""


def missing() -> str:
    """Why no broker can be started here; '' when one can."""
    absent = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"a Kafka broker needs {' and '.join(absent)}: apt-get install default-jre-headless maven" * bool(
        absent
    )


@dataclass
class Broker:
    """One node in one folder, on the same ports for its whole life."""

    folder: Path
    port: int
    secure_port: int  # the same broker by TLS, for users
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def cafile(self) -> Path:
        """The certificate of the secure port."""
        return self.folder / "ca.pem"

    def add_user(self, user: str, password: str) -> None:
        """Let a user log in at the secure port."""
        scram = f"SCRAM-SHA-256=[password={password}]"
        entity = ("--entity-type", "users", "--entity-name", user)
        self.tool("kafka.admin.ConfigCommand", "--alter", "--add-config", scram, *entity)

    def url(self, topic: str, **options: object) -> str:
        """What CLICKTRAIL_LOG_URL says for a topic here."""
        query = "&".join(f"{name}={value}" for name, value in {"replication": 1, **options}.items())
        return f"kafka://{self.server}/{topic}?{query}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = ["kafka.Kafka", str(self.folder / "server.properties")]
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                _java(*command), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        until(self._answers, START_S, self.said)

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """kill -9, or another signal, and wait for the end."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        self.process.wait(30)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It holds its connections but does nothing, like a machine that hangs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def said(self) -> str:
        return (self.folder / "output").read_text(errors="replace")[-3000:]

    def tool(self, name: str, *arguments: str) -> str:
        """What one of Kafka's own tools prints; `name` is its Java class."""
        done = subprocess.run(
            _java(name, "--bootstrap-server", self.server, *arguments),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        return answers(self.port)


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """A formatted and started broker; killed at the end."""
    _fetch()
    port, secure, controller = free_ports(3)
    folder.mkdir(parents=True, exist_ok=True)
    _configure(folder, port, secure, controller)
    started = Broker(folder, port, secure)
    try:
        started.start()
        yield started
    finally:
        if started.runs():
            started.kill()


def _configure(folder: Path, port: int, secure: int, controller: int) -> None:
    file, keys, certificate = folder / "server.properties", folder / "keys", folder / "ca.pem"
    text = PROPERTIES.format(
        folder=folder, port=port, secure=secure, controller=controller, key_password=KEY_PASSWORD
    )
    file.write_text(text)
    store = ["-keystore", str(keys), "-storepass", KEY_PASSWORD, "-alias", "broker"]
    name = ["-dname", "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1", "-keyalg", "EC", "-validity", "2"]
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    for command in (
        ["keytool", "-genkeypair", *store, *name],
        ["keytool", "-exportcert", "-rfc", *store, "-file", str(certificate)],
        _java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(file)),
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def _java(*arguments: str) -> list[str]:
    machine = [HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    only_errors = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    return ["java", *machine, only_errors, "-cp", f"{LIB}/*", *arguments]


def _fetch() -> None:
    """The broker's jars, unless they are there already; two test runs at once take turns."""
    done = LIB / ".complete"
    with (BROKER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.stat().st_mtime >= (BROKER / "pom.xml").stat().st_mtime:
            return
        shutil.rmtree(LIB, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(BROKER / "pom.xml"), "dependency:copy-dependencies"]
        fetched = subprocess.run(
            [*command, f"-DoutputDirectory={LIB}"], capture_output=True, text=True, timeout=600, check=False
        )
        assert fetched.returncode == 0, fetched.stdout[-2000:] + fetched.stderr[-2000:]
        done.touch()
