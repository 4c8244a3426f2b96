"""Joins the programs' commands, each loaded only when called."""

import sys


def main() -> None:
    argv = sys.argv[1:]
    if argv[:2] == ["image", "pull"]:  # measured against skopeo as a whole process: not even Click is imported
        from pierhead.cli.commands.image_pull import main as pull

        sys.exit(pull(argv[2:]))
    from pierhead.kit.loading import load

    load("pierhead.cli.main")
    from pierhead.cli.lazy import LazyCommand
    from pierhead.cli.main import run

    demo = LazyCommand("pierhead.demo.command:demo", "Walk through the main job on a throw-away registry.")
    sys.exit(run(argv, {"demo": demo}))


if __name__ == "__main__":
    main()
