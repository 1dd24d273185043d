#!/usr/bin/env bash
# Deletions with this package and with what people use today, side by side, on loopback.
#
#   Tests/Benchmarks/benchmarks.sh [--rounds N] [first-use | one | one-real | fifty | thousand | sizes] …
#
# It needs Linux, Python 3, curl, nginx and GNU time; on Debian, as root, it installs what is missing. The clients come
# from PyPI. Nothing is sent beyond this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
command -v curl > /dev/null || missing+=(curl)
command -v nginx > /dev/null || missing+=(nginx-light)
[ -x /usr/bin/time ] || missing+=(time)
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update --quiet=2 && apt-get install --quiet=2 --yes "${missing[@]}" > /dev/null
fi

swift build --configuration release --static-swift-stdlib --product delete-image > /dev/null
swift build --configuration release --scratch-path .build/dynamic --product delete-image > /dev/null
export DELETE_IMAGE_REAL_CLOUD_STATE="$PWD/.build/real-cloud"
Tests/RealCloud/real-cloud.sh install
bin=$DELETE_IMAGE_REAL_CLOUD_STATE/venv/bin
[ -x "$bin/openstack" ] || "$bin/pip" install --quiet python-openstackclient==10.5.0 python-glanceclient==4.13.0

exec Tests/RealCloud/real-cloud.sh run "$bin/python" Tests/Benchmarks/benchmarks.py "$@"
