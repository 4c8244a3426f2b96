import base64
import json

import yaml

CREDENTIALS = """\
connector:
  identifier: mirror
  name: Mirror
  type: DockerRegistry
  spec:
    dockerRegistryUrl: https://registry.example
    providerType: Other
    auth: {type: UsernamePassword, spec: {username: builder, passwordRef: account.token}}
"""


def passwords(text: str) -> list[str]:
    found = []
    for manifest in yaml.safe_load_all(text):
        if manifest["kind"] == "Secret":
            config = json.loads(base64.b64decode(manifest["data"][".dockerconfigjson"]))
            found += [entry["password"] for entry in config["auths"].values()]
    return found


def test_pull_secrets_are_masked_unless_revealed_on_the_data_directory(prepared) -> None:
    assert prepared.run("secret", "apply", "token", "--from-stdin", stdin="hunter22\n").code == 0
    prepared.write("mirror.yaml", CREDENTIALS)
    prepared.prepare("connector", "apply", "-f", "mirror.yaml")
    masked = prepared.run("explain", "pipeline.yaml", "--stage", "scan", "--render", "kubernetes")
    assert masked.code == 0, masked.err
    assert passwords(masked.out) == ["***"]
    revealed = prepared.run("explain", "pipeline.yaml", "--stage", "scan", "--render", "kubernetes", "--reveal-secrets")
    assert passwords(revealed.out) == ["hunter22"]
    assert "hunter22" not in prepared.run("secret", "get", "token", "--json").out
    with prepared.server() as server:
        server.wait()
        refused = prepared.run("explain", "pipeline.yaml", "--render", "kubernetes", "--reveal-secrets")
    assert (refused.code, refused.out) == (4, "")
