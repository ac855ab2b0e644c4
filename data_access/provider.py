"""The office's identity provider (统一认证), as the settings describe it; None unless they do."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from data_access.settings import Settings
from texts import gettext as _

# An issuer and a subject, as they are stored with an account.
LONGEST_IDENTITY = 255


class ProviderError(Exception):
    """The settings name a provider that cannot be used so; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID Connect provider. `issuer` and `site_url` have no slash at their end.

    `login_claim` names the claim that is a login of this site, for accounts that nobody has linked
    yet; empty: only linked accounts come in.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    site_url: str
    login_claim: str = ""

    @property
    def metadata_url(self) -> str:
        """Where the provider describes itself (OpenID Connect Discovery 1.0, section 4)."""
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser back to: to be registered there."""
        return f"{self.site_url}/oauth2callback"

    @property
    def site_host(self) -> str:
        """The name, and the port if it is not the usual one, by which browsers know the site."""
        return urlsplit(self.site_url).netloc


def identity_of(issuer: str, subject: str) -> str:
    """How a person's identity is stored: a subject means nothing without who gave it."""
    return f"{issuer} {subject}"


def provider_of(settings: Settings) -> Provider | None:
    """The provider that the settings describe. Raises ProviderError where they do so badly."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise ProviderError(_("设了 OIDC_ISSUER,还要设 OIDC_CLIENT_ID(在统一认证登记的客户端)。"))
    return Provider(
        _address(settings.oidc_issuer, "OIDC_ISSUER"),
        settings.oidc_client_id,
        _secret(settings.oidc_secret_path),
        _address(settings.site_url, "SITE_URL", bare=True),
        settings.oidc_login_claim,
    )


def _address(url: str, name: str, *, bare: bool = False) -> str:
    """A web address without its last slash. Raises ProviderError for what could be overheard."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_own(parts.hostname or ""))
    whole = parts.hostname and not (parts.query or parts.fragment or parts.username)
    if not safe or not whole or (bare and parts.path not in {"", "/"}):
        raise ProviderError(
            _("{name} 要写成完整的 https 地址(只有本机可以用 http),现在是“{value}”。").format(
                name=name, value=url
            )
        )
    return url.rstrip("/")


def is_own(host: str) -> bool:
    """Whether a host is this machine by its loopback name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise ProviderError(
            _("设了 OIDC_ISSUER,还要把统一认证发的客户端密钥放进文件 {path}。").format(path=path)
        )
    return secret
