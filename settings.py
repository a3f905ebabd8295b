"""The only reader of the environment: one place for every setting, with its default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseModel):
    """Which cluster, and how to be let in; the same values go to librdkafka and to aiokafka."""

    prefix: str = "goaltrail."  #: of every topic; a second prefix is a second log
    partitions: Annotated[int, Field(ge=1, le=1_000)] = 12  #: fixed at install
    replication_factor: Annotated[int, Field(ge=1)] = 1
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Path | None = None
    ssl_certificate_file: Path | None = None
    ssl_key_file: Path | None = None
    session_timeout_seconds: float = 10.0  #: after this long a silent processor is replaced


class TaskSettings(BaseModel):
    """How tasks are treated; frozen into the policy that decisions are made with."""

    lease_seconds: Annotated[float, Field(gt=0.5)] = 60.0
    max_recoveries: Annotated[int, Field(ge=0)] = 3  #: the failure after that escalates
    max_losses: Annotated[int, Field(ge=1)] = 3  #: leases lost in a row that escalate
    backoff_seconds: Annotated[float, Field(gt=0)] = 2.0  #: of the first recovery; doubles each time
    backoff_ceiling_seconds: Annotated[float, Field(gt=0)] = 300.0
    recovery_file: Path | None = None  #: TOML: what follows which failure, per site if wanted; laid over the four above
    ageing_seconds: Annotated[float, Field(gt=0)] = 60.0  #: waiting this long counts as one step of priority
    site_ceiling: Annotated[int | None, Field(ge=1)] = None  #: tasks that run at once on one site; unlimited when unset
    account_ceiling: Annotated[int, Field(ge=1)] = 1  #: likewise with one account (`metadata.account`)


class HttpSettings(BaseModel):
    """The API."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8310
    outcome_wait_seconds: float = 5.0  #: how long a command's answer is awaited before 202


class AnalystSettings(BaseModel):
    """What analysts are given: snapshots of the readings, and queries on them."""

    snapshot_minutes: Annotated[float, Field(gt=0)] | None = 15.0  #: between two; `null`: on request only
    query_seconds: Annotated[float, Field(gt=0)] = 10.0  #: that one query may take
    query_memory_mb: Annotated[int, Field(ge=64)] = 512  #: that one query may use
    query_rows: Annotated[int, Field(ge=1)] = 10_000  #: that one result may have
    query_workers: Annotated[int, Field(ge=1, le=16)] = 2  #: queries answered at once
    prices_file: Path | None = None  #: TOML: prices of models that the price list lacks or has otherwise


class BrowserSettings(BaseModel):
    """The runner's browser."""

    executable: Path | None = None  #: found by itself when unset
    headless: bool = True
    capacity: Annotated[int, Field(ge=1, le=64)] = 4  #: tasks one runner holds at once
    queues: list[str] = Field(default_factory=lambda: ["default"])
    action_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    navigation_timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    allow_private: bool = False  #: visit addresses that are not public, too
    allowed: list[str] = Field(default_factory=list)  #: hosts, addresses and networks that may be visited all the same
    allowed_origins: list[str] = Field(default_factory=list)  #: where every task's window may go beside its site
    account_days: Annotated[float, Field(gt=0)] = 14.0  #: how long an account's login is kept for its next task
    step_pictures: Literal["all", "new", "none"] = "new"  #: `new`: not of replays, which get a sixth slower


class ModelSettings(BaseModel):
    """Models that are asked when local rules cannot go on, the cheapest first; each level is off until it is named."""

    ollama: str | None = None  #: level 1: a model of an Ollama or another OpenAI-compatible server, such as `qwen3:8b`
    ollama_url: str = "http://127.0.0.1:11434/v1"  #: where it answers
    claude: str | None = None  #: level 2: a model of Anthropic
    claude_key: SecretStr | None = None  #: its API key
    claude_url: str | None = None  #: a gateway in front of it
    codex: str | None = None  #: level 3: a model of OpenAI
    codex_key: SecretStr | None = None  #: its API key
    codex_url: str | None = None  #: a gateway in front of it
    gemini: str | None = None  #: level 4: a model of Google
    gemini_key: SecretStr | None = None  #: its API key
    gemini_url: str | None = None  #: a gateway in front of it
    deadline_seconds: Annotated[float, Field(gt=0)] = 60.0  #: for one step, a second try included
    max_output_tokens: Annotated[int, Field(ge=50)] = 1_000  #: of one answer
    max_elements: Annotated[int, Field(ge=5)] = 60  #: of the page that a model is shown


class PathSettings(BaseModel):
    """Navigation paths: what was learned of reaching a goal, done again without planning."""

    days: Annotated[float, Field(gt=0, le=3_650)] = 30.0  #: a path lives so long after it was last learned or verified
    failures_in_row: Annotated[int, Field(ge=1)] = 3  #: replays that do not reach the goal before it is left alone


class WebhookSettings(BaseModel):
    """Calls to a task's `callback_url`."""

    secret: SecretStr | None = None  #: `whsec_...`, or several (newest first); made in the data folder when unset
    allow_private: bool = False  #: call addresses that are not public, too
    allowed: list[str] = Field(default_factory=list)  #: hosts, addresses and networks that may be called all the same
    max_tries: Annotated[int, Field(ge=1, le=1_000)] = 10  #: then the message is a dead letter; ten fill a day
    first_retry_seconds: Annotated[float, Field(gt=0)] = 5.0  #: after the first try; four times longer each time
    longest_retry_seconds: Annotated[float, Field(gt=0)] = 28_800.0  #: the most that passes between two tries
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0  #: of one try, from its first packet to its status


class Settings(BaseSettings):
    """All settings; nested ones are written `GOALTRAIL_KAFKA__PREFIX=...`."""

    model_config = SettingsConfigDict(
        env_prefix="GOALTRAIL_",
        env_nested_delimiter="__",
        env_file=None,
        extra="ignore",
        populate_by_name=True,
        env_parse_none_str="null",
    )

    home: Path = Path(".goaltrail")  #: data folder: log, readings, artifacts, keys
    bootstrap_servers: str = Field(
        default="127.0.0.1:9092",
        validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS", "GOALTRAIL_BOOTSTRAP_SERVERS", "bootstrap_servers"),
    )
    artifacts: str | None = None  #: fsspec URL of pictures, traces and checkpoints; unset: a folder in the data folder
    artifact_days: Annotated[float, Field(gt=0)] | None = 30.0  #: pictures and traces go after that; `null`: never
    archive: str | None = None  #: fsspec URL of facts that left the log; unset: a folder in the data folder
    checkpoint_keys: SecretStr | None = None  #: Fernet keys, comma-separated; unset: a key file in the data folder
    ready_file: Path | None = None  #: written once the process is ready; holds its process id
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    faults: str = ""  #: for tests: `point:probability` pairs at which a processor exits, comma-separated
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    tasks: TaskSettings = Field(default_factory=TaskSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    analysts: AnalystSettings = Field(default_factory=AnalystSettings)
    browser: BrowserSettings = Field(default_factory=BrowserSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    paths: PathSettings = Field(default_factory=PathSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)

    @property
    def archive_url(self) -> str:
        """Where facts that left the log lie."""
        return self.archive or str(self.home / "archive")

    @property
    def webhook_secret_file(self) -> Path:
        """Where the secret of webhooks lies that no setting gives."""
        return self.home / "webhooks.secret"

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """Connection settings for confluent-kafka (librdkafka's names)."""
        kafka = self.kafka
        config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap_servers,
            # A broker that is away is said once by whoever waits for it, not twenty times a second by every client.
            "log_level": 2,
            "reconnect.backoff.max.ms": 1_000,
        }
        optional = {
            "security.protocol": kafka.security_protocol if kafka.security_protocol != "PLAINTEXT" else None,
            "sasl.mechanism": kafka.sasl_mechanism,
            "sasl.username": kafka.sasl_username,
            "sasl.password": kafka.sasl_password.get_secret_value() if kafka.sasl_password else None,
            "ssl.ca.location": kafka.ssl_ca_file,
            "ssl.certificate.location": kafka.ssl_certificate_file,
            "ssl.key.location": kafka.ssl_key_file,
        }
        config.update({name: str(value) for name, value in optional.items() if value is not None})
        return config
