#!/bin/sh
# Install what the integration and browser tests drive, where that is possible: as root with apt-get.
# Anywhere else say what is missing; the tests that need it skip with that reason.
set -u
wanted=""
need() { command -v "$1" >/dev/null 2>&1 || wanted="$wanted $2"; }
need mosquitto mosquitto
need mosquitto_pub mosquitto-clients
need redis-server redis-server
command -v chromium-browser >/dev/null 2>&1 || need chromium chromium
fc-list :lang=zh 2>/dev/null | grep -q . || wanted="$wanted fonts-noto-cjk"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed, tests that need them skip:$wanted" >&2
  exit 0
fi
echo "Installing for the tests:$wanted" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
apt-get -qq update >"$log" 2>&1
for package in $wanted; do
  apt-get -qq install -y --no-install-recommends "$package" >>"$log" 2>&1 ||
    echo "Could not install $package, tests that need it skip: $(grep '^E:' "$log" | tail -1)" >&2
done
rm -f "$log"
