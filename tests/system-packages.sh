#!/bin/sh
# Installs, by name, the Debian packages that some tests talk to; only when absent, only as root on Debian.
# Elsewhere those tests report themselves as skipped with the reason.
set -eu
missing=""
command -v skopeo >/dev/null 2>&1 || missing="$missing skopeo"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v docker-registry >/dev/null 2>&1 || missing="$missing docker-registry"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # The packages of docker-registry and PostgreSQL would start a system service; the tests start their own.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -qq
    case "$missing" in *postgresql*)
        apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
        sed -i 's/^#\? *create_main_cluster .*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
        ;;
    esac
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "not installed:$missing; tests that need them will be skipped" >&2
fi
