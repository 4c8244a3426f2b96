"""The same attempts by somebody who may edit connectors: connectors made and tested over the product's own API."""

from typing import Self

from starlette.testclient import TestClient

from pierhead.protocol.tasks import RegistryAccess
from pierhead.server.app import create_app
from pierhead.server.bootstrap import open_application
from pierhead.server.settings import Settings

_CONNECTORS = "/ng/api/connectors"
_OWN = "/pierhead/v1/connectors"


class Product:
    """A real application on a directory of its own, with its platform delegate at work; a context manager."""

    def __init__(self, settings: Settings, listener: tuple[str, int]) -> None:
        self._application = open_application(settings, listener=listener)
        assert self._application.first_key is not None
        self._client = TestClient(create_app(self._application), raise_server_exceptions=False)
        self._client.headers["X-API-KEY"] = self._application.first_key.reveal()
        self._account = {"accountIdentifier": self._application.account.id}
        self._made = 0

    def attempt(self, access: RegistryAccess) -> list[int]:
        """The statuses of its answers; a connector that is refused when it is made leads nowhere."""
        self._made += 1
        name = f"attempt{self._made}"
        spec = {
            "dockerRegistryUrl": access.url,
            "providerType": "Other",
            "auth": {"type": "Anonymous"},
            "executeOnDelegate": False,
            "ignoreTestConnection": True,
            "allowPrivateAddresses": access.allow_private,
            "trustedRealmHosts": list(access.trusted_realm_hosts),
            **({"proxyUrl": access.proxy_url.get_secret_value()} if access.proxy_url else {}),
        }
        body = {"connector": {"identifier": name, "name": name, "type": "DockerRegistry", "spec": spec}}
        made = self._client.post(_CONNECTORS, params=self._account, json=body)
        if made.status_code != 200:
            return [made.status_code]
        tested = self._client.post(f"{_CONNECTORS}/testConnection/{name}", params=self._account)
        listed = self._client.get(f"{_OWN}/{name}/tags", params={**self._account, "repository": "a/b"})
        return [made.status_code, tested.status_code, listed.status_code]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._application.close()
