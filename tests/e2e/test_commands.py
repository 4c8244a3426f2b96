import json

from pierhead.demo.content import HARNESS_IMAGE

CONNECTOR = """\
connector:
  identifier: mirror
  name: Mirror
  type: DockerRegistry
  spec: {dockerRegistryUrl: https://m.example/team, providerType: Other, auth: {type: Anonymous}}
"""

FORCED = ("--force", "--reason", "no registry is there")


def test_connectors_are_applied_listed_exported_and_deleted(served) -> None:
    served.write("c.yaml", CONNECTOR)
    assert served.run("connector", "apply", "-f", "c.yaml", "--dry-run").out.startswith(
        "connector mirror: would be created"
    )
    assert served.run("connector", "apply", "-f", "c.yaml").out.startswith("connector mirror: created")
    assert served.run("connector", "apply", "-f", "c.yaml").out == "connector mirror: unchanged\n"
    exported = served.run("connector", "get", "mirror", "--json").out
    assert served.run("connector", "apply", "-f", "-", stdin=exported).out == "connector mirror: unchanged\n"
    served.write("c.yaml", CONNECTOR.replace("/team", "/other"))
    changed = served.run("connector", "apply", "-f", "c.yaml").out
    assert "- spec.dockerRegistryUrl: https://m.example/team" in changed
    listed = served.run("connector", "list", "--json").json["content"]
    assert {item["connector"]["identifier"] for item in listed} == {"harnessImage", "mirror"}
    assert served.run("connector", "delete", "mirror", "--yes").code == 0
    assert served.run("connector", "get", "mirror").code == 5


def test_a_broken_connector_is_told_at_its_field(served) -> None:
    served.write("c.yaml", CONNECTOR.replace("identifier: mirror", "identifier: 1mirror"))
    done = served.run("connector", "apply", "-f", "c.yaml")
    assert done.code == 2
    assert "identifier" in done.err


def test_harness_image_can_be_deleted_knowingly_and_restored(served) -> None:
    assert served.run("connector", "delete", "harnessImage").code == 2
    deleted = served.run("connector", "delete", "harnessImage", "--yes")
    assert deleted.code == 0
    assert "warning: " in deleted.out
    assert served.run("connector", "get", "harnessImage").code == 5
    restored = served.run("connector", "restore-default", "--yes")
    assert restored.code == 0, restored.err
    assert served.run("connector", "get", "harnessImage").code == 0


def test_a_url_is_previewed_before_it_is_saved(served) -> None:
    done = served.run("connector", "preview", "https://registry.hub.docker.com", "--json")
    assert done.json["registry"] == "docker.io"


def test_a_connector_is_tested_and_its_tags_listed(served, registry) -> None:
    served.write("c.yaml", HARNESS_IMAGE.format(url=registry.url))
    assert served.run("connector", "apply", "-f", "c.yaml").code == 0
    tested = served.run("connector", "test", "harnessImage")
    assert (tested.code, tested.err) == (0, "")
    assert tested.out.startswith("connector harnessImage: SUCCESS")
    tags = served.run("connector", "tags", "harnessImage", "tools/go")
    assert tags.out == "1.22\n"
    assert "SUCCESS" in served.run("connector", "list").out
    registry.stop()
    assert served.run("connector", "test", "harnessImage").code == 1


def test_secrets_go_in_and_never_come_out(served) -> None:
    assert served.run("secret", "apply", "hub", "--from-stdin", stdin="hunter22\n").out == "secret hub: created\n"
    assert served.run("secret", "apply", "hub", "--from-stdin", "--name", "Hub", stdin="hunter33\n").code == 0
    for argv in (("get", "hub"), ("get", "hub", "--json"), ("list",), ("list", "--json")):
        shown = served.run("secret", *argv)
        assert shown.code == 0, shown.err
        assert "Hub" in shown.out
        assert "hunter" not in shown.out
    assert served.run("secret", "delete", "hub", "--yes").code == 0
    assert served.run("secret", "get", "hub").code == 5


def test_pins_take_the_place_of_defaults_until_they_are_reset(served) -> None:
    default = served.run("image", "defaults", "--json").json["gitCloneTag"]
    assert served.run("image", "pin", "gitCloneTag=harness/drone-git:1.0.9-rootless", *FORCED).code == 0
    assert served.run("image", "effective", "--json").json["gitCloneTag"] == "harness/drone-git:1.0.9-rootless"
    assert served.run("image", "effective", "--pins-only", "--json").json == {
        "gitCloneTag": "harness/drone-git:1.0.9-rootless"
    }
    row = served.run("image", "get", "gitCloneTag", "--json").json
    assert (row["default"], row["pinned"]) == (default, "harness/drone-git:1.0.9-rootless")
    unknown = served.run("image", "pin", "noSuchTag=x:1")
    assert unknown.code == 2
    assert "noSuchTag" in unknown.err
    assert served.run("image", "reset", "--all").code == 0
    assert served.run("image", "effective", "--pins-only", "--json").json == {}


def test_effective_images_can_be_applied_again(served) -> None:
    effective = served.run("image", "effective", "--json").out
    done = served.run("image", "apply", "-f", "-", "--dry-run", "--json", stdin=effective)
    assert {step["action"] for step in done.json} == {"unchanged"}
    assert len(done.json) == len(json.loads(effective))
