"""Everything that can be set, by environment variables of these names or a `.env` file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import SettingsError


class Settings(BaseSettings):
    """Settings of all services. An empty URL means: use the embedded server, started when none runs."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field("", description="PostgreSQL or TimescaleDB, postgresql://user:password@host/name")
    mqtt_url: str = Field("", description="broker, mqtt://user:password@host:1883 or mqtts://...")
    mqtt_port: int = Field(0, ge=0, le=65535, description="port of the embedded broker; 0 picks a free one")
    mqtt_anonymous: bool = Field(True, description="embedded broker: this machine's clients speak for devices without a log-in")
    mqtt_tls_port: int = Field(0, ge=0, le=65535, description="port of the embedded broker's TLS listener; 0: none")
    mqtt_tls_host: str = Field("127.0.0.1", description="address it listens on; 0.0.0.0 for devices in the network")
    mqtt_tls_certificate: str = Field("", description="its certificate with the chain, a file in PEM")
    mqtt_tls_key: str = Field("", description="the key of that, a file in PEM")
    beatwatch_state: Path = Field(Path(".beatwatch"), description="folder of the embedded servers' data and of logs")
    api_host: str = Field("127.0.0.1", description="address the API listens on")
    api_port: int = Field(8000, ge=0, le=65535, description="port the API listens on; 0 picks a free one")
    organisation: str = Field("default", description="slug of the organisation the API acts for")
    sign_in: bool = Field(False, description="people have to sign in; otherwise whoever reaches the API acts for ORGANISATION")
    api_rate_per_s: float = Field(200.0, ge=0, description="requests a second of one caller in the long run; 0: no limit")
    api_burst: int = Field(1000, ge=1, description="requests of one caller at once, before that rate holds")
    webhooks_to_private: bool = Field(False, description="webhooks, chat and push may lead into networks that are not public")
    webhook_log_days: int = Field(
        30, ge=0, description="what webhooks were told, with every attempt, is kept so long; 0: for ever"
    )
    otp_webhook_url: str = Field(
        "", description="gateway that sends customers one-time passwords, for organisations without their own"
    )
    adopt_unknown: bool = Field(True, description="register a device at its first message instead of keeping it aside")
    mqtt_client_id: str = Field(
        "", description="names ingest's session at the broker, each ingest's its own; empty: made of MQTT_URL's password"
    )
    mqtt_ca_file: str = Field("", description="certificate authority of an mqtts broker; empty: the system's")
    max_fix_age_days: float = Field(30.0, gt=0, description="older readings are quarantined; raise it to bring in history")
    device_rate_per_s: float = Field(0.0, ge=0, description="messages a second of one topic, more wait their turn; 0: no limit")
    retention_days: int = Field(0, ge=0, description="readings older than this are dropped, a day at a time; 0: kept for ever")
    plan_changes_days: int = Field(
        7, ge=0, description="notes of changed plans that all have read are kept so long; 0: for ever"
    )
    batches_days: int = Field(
        35, ge=0, description="so is the log of stored batches; their readings are RETENTION_DAYS' matter"
    )
    messages_days: int = Field(180, ge=0, description="and messages of alerts that are resolved, with their delivery log")
    alerts_days: int = Field(0, ge=0, description="and resolved alerts with their history; their events stay")
    webhook_url: str = Field("", description="alerts are posted here; empty: they are only logged")
    webhook_secret: str = Field("", description="key of the HMAC-SHA256 signature of webhooks")
    smtp_url: str = Field("", description="alerts by e-mail go through smtp://user:password@host:port, or smtps://")
    mail_from: str = Field("beatwatch@localhost", description="their sender")
    console_url: str = Field("", description="where people reach the console, for links in messages")
    link_secret: str = Field("", description="key that signs links to answer an alert; empty: messages have none")
    vapid_private_key: str = Field(
        "", description="P-256 key of web pushes, PEM or base64url; empty: made and kept in the state"
    )
    vapid_subject: str = Field("mailto:beatwatch@localhost", description="who answers for our web pushes, mailto: or https:")
    media_max_bytes: int = Field(8_388_608, gt=0, description="a photo, signature or scan is at most so large")
    media_s3_url: str = Field("", description="bucket for media, https://host/bucket; empty: a folder of BEATWATCH_STATE")
    media_s3_region: str = Field("us-east-1", description="its region")
    media_s3_key_id: str = Field("", description="access key to it")
    media_s3_secret: str = Field("", description="secret of that key")
    tile_url: str = Field("", description="map tiles, https://.../{z}/{x}/{y}.png; empty: our own outline map")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")
    log_json: bool = Field(False, description="logs as JSON lines instead of text for people")
    metrics_host: str = Field("127.0.0.1", description="address of a worker's /healthz, /readyz and /metrics")
    metrics_port: int = Field(0, ge=0, le=65535, description="their port; 0: none")


def read_settings() -> Settings:
    """Read the environment. Raises SettingsError naming the variable that is wrong."""
    try:
        return Settings()  # type: ignore[call-arg]  # every field has a default
    except ValidationError as error:
        first = error.errors()[0]
        variable = "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{variable}={first['input']!r}: {first['msg']}") from error
