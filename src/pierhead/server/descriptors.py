"""Room for open connections: each held poll of a delegate takes a file descriptor for as long as it is held."""

import logging
import resource

log = logging.getLogger(__name__)

ENOUGH = 8192


def make_room() -> int:
    """Raises this process's own limit as far as the system allows; warns when that is not much. Gives the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft != resource.RLIM_INFINITY and soft < ENOUGH:
        log.warning(
            "this process may open %d files, so fewer than %d delegates can be connected; "
            "raise the limit (ulimit -n, or LimitNOFILE= of its unit) to at least %d",
            soft,
            max(0, soft - 200),
            ENOUGH,
        )
    return soft
