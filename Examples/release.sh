#!/usr/bin/env bash
# After a release: deletes the images of its candidates, web-1.4.0-rc1, web-1.4.0-rc2, …
#
#   ./release.sh 1.4.0
#
# The OS_… variables say who asks. Needs jq.
set -euo pipefail
cd "$(dirname "$0")"

version=${1:-}
# It becomes a part of a pattern, and "*" would be the candidates of every version.
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "usage: ./release.sh 1.4.0" >&2; exit 64; }

# The executable, because its exit status tells what went wrong; through `swift package` it would be 1 or 0.
swift build -c release --product delete-image >&2
delete_image=$(swift build -c release --show-bin-path)/delete-image

# A run that is cut off leaves in the receipt what it has deleted. Keep it with what else tells of the release.
receipt=deleted-$version.jsonl
status=0
report=$("$delete_image" --match "web-$version-rc[0-9]*" --unless-in-use --max-deletions 20 --yes \
    --json --receipt "$receipt") || status=$?

jq -r '.images[] | "\(.outcome) \(.name // .id | gsub("[[:cntrl:]]"; "?"))\(if .detail then ": " + .detail else "" end)"' <<< "$report"
case $status in
    0) echo "The candidates of $version are gone, save what is kept." ;;
    1 | 69 | 130) echo "Not all of it could be done. The same command goes on from here." >&2 ;;
    77 | 78) echo "See to the OS_… variables, or to what the account may do. Then the same command goes on." >&2 ;;
    *) echo "delete-image ended with $status." >&2 ;;
esac
exit "$status"
