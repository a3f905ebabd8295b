"""Starts everything of an installation in order, and returns when all of it is ready."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace

from api.cli.installation import KAFKA, Installation, last_lines, refuse_if_running
from api.operator_key import operator_key
from events.errors import BrokerUnreachable, SetupIncomplete
from events.topics import Topics
from local.kafka_server import wait_until_it_answers
from local.supervisor import Program
from producers.admin import ensure_topics

READY_TIMEOUT_S = 90.0
_PAUSE_S = 0.05

Say = Callable[[str], None]


def start(
    installation: Installation, *, processors: int, runners: int, daemon: bool, say: Say
) -> subprocess.Popen[bytes] | None:
    """Start the broker (unless another cluster was named), its topics, then the rest.

    Returns:
        The keeper if it is our child; None if it runs by itself.

    Raises:
        SetupIncomplete: a part is missing, or a process did not become ready; nothing is left running.
        BrokerUnreachable: Kafka does not answer; likewise.
        TopicMismatch: a topic exists with other settings; likewise.
    """
    home, keeper = installation.home, installation.keeper
    home.create()
    operator_key(home.root)
    refuse_if_running(installation)
    state = installation.choose_ports()
    if state.api_port != installation.settings.http.port:
        say(f"port {installation.settings.http.port} is taken: the API gets {state.api_port}")
    broker = [installation.broker_program()] if installation.wants_own_broker else []
    workers = installation.worker_programs(processors=processors, runners=runners)
    home.write_state(
        replace(
            state,
            bootstrap=installation.bootstrap,
            own_broker=bool(broker),
            programs=[program.name for program in (*broker, *workers)],
        )
    )
    keeper.write([*broker, *workers])
    child = keeper.start(daemon=daemon)
    try:
        _start_broker(installation, say)
        _start_workers(installation, workers, say)
    except BaseException:
        keeper.shut_down()
        raise
    return child


def start_broker_alone(installation: Installation, say: Say) -> None:
    """Start the broker in the background, nothing else; with everything configured it only joins the rest."""
    keeper = installation.keeper
    if not keeper.is_running():
        installation.home.create()
        state = installation.choose_ports()
        installation.home.write_state(replace(state, bootstrap=installation.bootstrap, programs=[KAFKA]))
        keeper.write([installation.broker_program()])
        keeper.start(daemon=True)
    _start_broker(installation, say)


def _start_broker(installation: Installation, say: Say) -> None:
    started = time.monotonic()
    if installation.wants_own_broker:
        installation.keeper.start_program(KAFKA)
    try:
        wait_until_it_answers(installation.bootstrap)
    except BrokerUnreachable as error:
        if not installation.wants_own_broker:
            raise
        said = last_lines(installation.home.logs / f"{KAFKA}.log")
        raise BrokerUnreachable(f"{error}; its log ends:\n{said}") from error
    kafka = installation.settings.kafka
    report = ensure_topics(
        installation.connection(),
        Topics(kafka.prefix, kafka.partitions),
        replication_factor=kafka.replication_factor,
    )
    made = f", {len(report.created)} topics created" if report.created else ""
    say(f"kafka answers at {installation.bootstrap}{made}  ({time.monotonic() - started:.1f} s)")


def _start_workers(installation: Installation, workers: list[Program], say: Say) -> None:
    started = time.monotonic()
    for program in workers:
        installation.keeper.start_program(program.name)
    waiting = {program.name for program in workers}
    while waiting:
        states = {program.name: program for program in installation.keeper.programs()}
        for name in sorted(waiting):
            if installation.keeper.is_ready(states[name]):
                waiting.discard(name)
                say(f"{name} is ready  ({time.monotonic() - started:.1f} s)")
        if waiting and time.monotonic() - started > READY_TIMEOUT_S:
            raise SetupIncomplete(_why_not(installation, sorted(waiting)))
        time.sleep(_PAUSE_S)


def _why_not(installation: Installation, names: list[str]) -> str:
    ends = [f"--- {name}.log ends:\n{last_lines(installation.home.logs / f'{name}.log')}" for name in names]
    return f"{', '.join(names)} not ready after {READY_TIMEOUT_S:.0f} s\n" + "\n".join(ends)
