import json
import signal
import stat
import urllib.request


def test_the_first_start_says_where_it_listens_and_shows_the_admin_key_once(home) -> None:
    with home.server() as server:
        url = server.wait()
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        said = server.log.read_text()
        key = (home.data / "admin-key").read_text().strip()
        assert f"Pierhead listens on {url}" in said
        assert said.count(key) == 1
        assert stat.S_IMODE((home.data / "admin-key").stat().st_mode) == 0o600
    assert server.process.returncode == 0
    assert not (home.data / "server.json").exists()
    with home.server() as again:
        again.wait()
        assert again.log.read_text().count(key) == 1


def test_commands_find_the_server_that_holds_the_directory(home) -> None:
    with home.server() as server:
        url = server.wait()
        done = home.run("connector", "get", "harnessImage", "--json", "--verbose")
        assert done.json["connector"]["spec"]["dockerRegistryUrl"] == "https://index.docker.io/v2/"
        key = (home.data / "admin-key").read_text().strip()
        home.environment |= {"PIERHEAD_URL": url, "PIERHEAD_API_KEY": key, "PIERHEAD_DATA": str(home.root / "other")}
        assert home.run("connector", "get", "harnessImage", "--json").json == done.json
        home.environment["PIERHEAD_API_KEY"] = key[:-1]
        refused = home.run("connector", "list")
        assert (refused.code, refused.out) == (3, "")
        assert key[:-1] not in refused.err
    assert not (home.root / "other").exists()


def test_a_second_server_on_the_same_directory_is_refused(home) -> None:
    with home.server() as server:
        server.wait()
        done = home.run("up", "--port", "0")
        assert done.code not in (0, 1)
        assert "Traceback" not in done.err
        assert done.err.startswith("error: ")


def test_a_port_in_use_is_told_with_the_way_out(home) -> None:
    with home.server() as server:
        port = server.wait().rpartition(":")[2]
        done = home.run("up", "--port", port, "--data", "other")
        assert done.code == 10
        assert f"cannot listen on 127.0.0.1:{port}" in done.err


def test_a_killed_server_leaves_a_directory_that_works(home) -> None:
    with home.server() as server:
        server.wait()
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(10)
    assert (home.data / "server.json").exists()
    assert home.run("connector", "list").code == 0
    with home.server() as again:
        again.wait()


def test_ctrl_c_stops_a_server_without_a_traceback(home) -> None:
    with home.server() as server:
        server.wait()
        server.process.send_signal(signal.SIGINT)
        server.process.wait(20)
        assert "Traceback" not in server.log.read_text()
    assert server.process.returncode in (0, 130)
