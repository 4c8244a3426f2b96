#!/bin/sh
# Installs, by name, the Debian packages the interop tests talk to; only when absent, only as root on Debian.
# Elsewhere those tests report themselves as skipped with the reason.
set -eu
missing=""
command -v skopeo >/dev/null 2>&1 || missing="$missing skopeo"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v docker-registry >/dev/null 2>&1 || missing="$missing docker-registry"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # docker-registry's package would start a system service; the tests start their own.
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "not installed:$missing; tests that need them will be skipped" >&2
fi
