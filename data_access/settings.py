"""Where the data lies and how the site behaves: environment variables with working defaults."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    data_dir: Path = Field(default=ROOT / "data", description="Folder of database, key, backups")
    database_url: str = Field(
        default="", description="postgresql+psycopg://… or sqlite:///…; empty: a file in DATA_DIR"
    )
    key_file: Path | None = Field(
        default=None, description="File with the encryption key; default DATA_DIR/secret.key"
    )
    anchor_key_file: Path | None = Field(
        default=None,
        description="File with the key that signs the audit trail's anchors; "
        "default DATA_DIR/anchor.key",
    )
    demo: bool = Field(
        default=False, description="1: allow demo accounts on an address other than this machine"
    )
    trust_proxy: bool = Field(
        default=False, description="1: take client address and https from the proxy's headers"
    )
    three_roles: bool = Field(
        default=False,
        description="1: system, security and audit administrators are kept apart (三员分立)",
    )
    site_url: str = Field(
        default="",
        description="The address that browsers use, https://wusong.county.example; OIDC needs it",
    )
    oidc_issuer: str = Field(
        default="", description="OpenID Connect provider (统一认证); empty: passwords only"
    )
    oidc_client_id: str = Field(default="", description="What the provider calls this site")
    oidc_secret_file: Path | None = Field(
        default=None, description="File with the client's secret; default DATA_DIR/oidc.secret"
    )
    oidc_login_claim: str = Field(
        default="",
        description="Claim that equals the login here and links an account at its first sign-in; "
        "empty: an administrator links accounts",
    )
    session_idle_minutes: int = Field(default=30, ge=1, description="Signed out after inactivity")
    session_hours: int = Field(default=8, ge=1, description="Signed out in any case after this")

    @property
    def url(self) -> str:
        """The database address in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'wusong.db'}"

    @property
    def key_path(self) -> Path:
        """The file that holds the encryption key."""
        return self.key_file or self.data_dir / "secret.key"

    @property
    def oidc_secret_path(self) -> Path:
        """The file that holds the secret which this site shares with the identity provider."""
        return self.oidc_secret_file or self.data_dir / "oidc.secret"

    @property
    def anchor_key_path(self) -> Path:
        """The file that holds the key which signs anchors."""
        return self.anchor_key_file or self.data_dir / "anchor.key"

    @property
    def anchors_path(self) -> Path:
        """The folder of the signed anchors."""
        return self.data_dir / "anchors"

    @property
    def is_sqlite(self) -> bool:
        """Whether the site runs on the embedded database."""
        return self.url.startswith("sqlite")
