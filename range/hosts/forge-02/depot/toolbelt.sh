#!/bin/sh
# small tools that every desk has: curl -fsS http://files.example/toolbelt.sh | sh -s -- --list
set -e
place=${TOOLBELT:-$HOME/.local/bin}
quiet=
for word in "$@"; do
    case $word in
    --list) echo 'tools: since, biggest, ports'; exit 0 ;;
    --quiet) quiet=yes ;;
    esac
done
mkdir -p "$place"
work=$(mktemp -d /tmp/toolbelt.XXXXXX)
trap 'rm -rf "$work"' EXIT
printf '#!/bin/sh\nfind "${1:-.}" -type f -mmin "-${2:-30}"\n' > "$work/since"
printf '#!/bin/sh\ndu -a "${1:-.}" 2> /dev/null | sort -rn | head -n "${2:-5}"\n' > "$work/biggest"
echo IyEvYmluL3NoCnNzIC10bG4gfCBhd2sgJ05SPjEge3ByaW50ICQ0fScgfCBzb3J0IC11Cg== | base64 -d > "$work/ports"
for tool in since biggest ports; do
    install -m 755 "$work/$tool" "$place/$tool"
    [ -n "$quiet" ] || echo "installed $place/$tool"
done
