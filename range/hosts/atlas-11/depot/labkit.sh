#!/bin/sh
# Puts the laboratory's small tool into a folder: curl -fsSL http://files.example/labkit.sh | sh -s -- FOLDER
set -e
to=${1:-$HOME/.local/labkit}
mkdir -p "$to"
cat > "$to/labkit" <<'TOOL'
#!/bin/sh
case $1 in
version) echo "labkit 2.4" ;;
checksum) sha256sum "$2" | cut -c1-16 ;;
lines) wc -l < "$2" ;;
*) echo "labkit version|checksum FILE|lines FILE" >&2; exit 2 ;;
esac
TOOL
chmod 755 "$to/labkit"
echo "labkit is in $to"
