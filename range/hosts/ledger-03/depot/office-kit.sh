#!/bin/sh
# scripts of the office: curl -fsS http://files.example/office-kit.sh | sh -s -- [folder]
set -e
place=${1:-$HOME/bin}
mkdir -p "$place"
work=$(mktemp -d /tmp/kit.XXXXXX)
trap 'rm -rf "$work"' EXIT
cat > "$work/sumcol" <<'SH'
#!/bin/sh
# sumcol FILE COLUMN: adds up one column of a table with commas
awk -F, -v c="${2:-1}" 'NR > 1 {s += $c} END {printf "%.2f\n", s}' "$1"
SH
echo IyEvYmluL3NoCiMgZGF5c2xlZnQgUE9SVDogaG93IGxvbmcgYSBjZXJ0aWZpY2F0ZSBsYXN0cwplY2hvIHwgb3BlbnNzbCBzX2NsaWVudCAtY29ubmVjdCAibG9jYWxob3N0OiR7MTotNDQzfSIgMj4vZGV2L251bGwgfCBvcGVuc3NsIHg1MDkgLW5vb3V0IC1lbmRkYXRlCg== | base64 -d > "$work/daysleft"
install -m 755 "$work/sumcol" "$work/daysleft" "$place/"
echo "kit in $place"
