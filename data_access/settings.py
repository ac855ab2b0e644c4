"""Where the data lies and how the site behaves: environment variables with working defaults."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals.

    The descriptions are for those who run a site: the reference prints them.
    """

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    data_dir: Path = Field(default=ROOT / "data", description="数据库、密钥、备份所在的目录")
    database_url: str = Field(
        default="",
        description="数据库地址 postgresql+psycopg://… 或 sqlite:///…;空:DATA_DIR/wusong.db",
    )
    key_file: Path | None = Field(
        default=None, description="密钥文件,个人信息靠它加密;空:DATA_DIR/secret.key"
    )
    anchor_key_file: Path | None = Field(
        default=None, description="签名密钥文件,审计链每天的锚定文件由它签名;空:DATA_DIR/anchor.key"
    )
    demo: bool = Field(default=False, description="1:演示账号也可以从别的电脑使用")
    trust_proxy: bool = Field(
        default=False, description="1:采信代理所写的来访地址和 https;仅当只能经由代理访问时才设"
    )
    three_roles: bool = Field(
        default=False, description="1:三员分立,系统、安全、审计管理员互不兼任"
    )
    site_url: str = Field(
        default="",
        description="浏览器用的地址,如 https://wusong.county.example;用统一认证时必须设",
    )
    oidc_issuer: str = Field(
        default="", description="统一认证(OpenID Connect)的地址;空:只用密码登录"
    )
    oidc_client_id: str = Field(default="", description="统一认证给本站点的客户端标识")
    oidc_secret_file: Path | None = Field(
        default=None, description="存放客户端密钥的文件;空:DATA_DIR/oidc.secret"
    )
    oidc_login_claim: str = Field(
        default="",
        description="统一认证的哪一项等于本系统的用户名,第一次登录时据此对应账号;"
        "空:由管理员逐个对应",
    )
    session_idle_minutes: int = Field(default=30, ge=1, description="多少分钟没有操作就退出登录")
    session_hours: int = Field(default=8, ge=1, description="一次登录最长多少小时")

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
