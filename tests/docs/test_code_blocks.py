"""Every code block of a page runs, in the order of the page, as one shell session in a temporary folder.

`sh` blocks stand as they are, `python` blocks go to the interpreter, `sql` blocks to `clicktrail sql`. Ports
8080 and 8050 of the text become free ones, port 9092 that of a Kafka broker; what a page leaves in the
background is ended by its process id.
`make TARGET` is not run, for it would test the tests: the target must be in the Makefile, and where a page
needs the shop of `make demo`, a day of its history is imported instead. Blocks of other kinds are to be read.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from clicktrail.demo.shop import write_history
from tests.kafka_process import Broker

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if "```" in path.read_text(encoding="utf-8")
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
READ_ONLY = {"console", "html", "js", "text", "json"}
SECONDS = 280  # a machine with other work is slow
KAFKA = "127.0.0.1:9092"
FRAME = """
set -eu
trap 'set +e; trap - EXIT; kill $(jobs -p) 2>/dev/null; wait' EXIT
"""


@dataclass(frozen=True)
class Block:
    """A fenced block and the line where it starts."""

    kind: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in FENCE.finditer(text)]


def script(found: list[Block]) -> str:
    parts = []
    for block in found:
        if block.kind in READ_ONLY or is_make(block):
            continue
        body = {
            "sh": block.text,
            "python": f"python - <<'PYTHON'\n{block.text}PYTHON\n",
            "sql": f"clicktrail sql --json \"$(cat <<'SQL'\n{block.text}SQL\n)\"\n",
        }[block.kind]
        parts.append(f"echo '── line {block.line}' >&2\n{body}")
    return "\n".join(parts)


def is_make(block: Block) -> bool:
    return block.kind == "sh" and all(re.match(r"(make \w+|#|$)", line) for line in block.text.splitlines())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(text: str, folder: Path) -> None:
    collect, dashboard = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLICKTRAIL_")}
    environment = kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CLICKTRAIL_DATA": str(folder / "data"),
        "CLICKTRAIL_COLLECT_PORT": str(collect),
        "CLICKTRAIL_DASHBOARD_PORT": str(dashboard),
    }
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{collect}")
    text = text.replace("127.0.0.1:8050", f"127.0.0.1:{dashboard}")
    output = folder / "output"
    with output.open("wb") as file:
        shell = subprocess.Popen(
            ["bash", "-c", FRAME + text], cwd=folder, env=environment, stdout=file, stderr=file
        )
        try:
            code = shell.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            shell.send_signal(signal.SIGTERM)  # the trap ends what the page started
            shell.wait(timeout=30)
            raise AssertionError(f"not done in {SECONDS} s:\n{output.read_text()}") from None
    assert code == 0, output.read_text()


def import_demo(folder: Path) -> str:
    """Commands that bring in a day of the demo's history."""
    write_history(folder / "demo.ndjson", end=datetime.now(timezone.utc), days=1)
    return "clicktrail store serve &\nclicktrail site add demo\nclicktrail import demo.ndjson --site demo\n"


@pytest.mark.parametrize("page", [page for page in PAGES if script(blocks(page))])
def test_the_code_blocks_of_a_page_run(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = blocks(page)
    text = script(found)
    if KAFKA in text:
        broker: Broker = request.getfixturevalue("kafka_broker")
        text = text.replace(KAFKA, broker.server)
    needs_demo = any(is_make(block) and "make demo" in block.text for block in found)
    run(import_demo(tmp_path) + text if needs_demo else text, tmp_path)


def test_every_make_command_in_a_page_is_a_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))
    named = {
        word for page in PAGES for block in blocks(page) for word in re.findall(r"make (\w+)", block.text)
    }
    assert named
    assert named <= targets


def test_a_page_whose_block_fails_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        run(script([Block("sh", "cat nowhere\ntrue\n", 1)]), tmp_path)
