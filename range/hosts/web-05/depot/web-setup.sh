#!/bin/sh
# prepares a folder for work on the site: tools, a style sheet, hooks
set -e
where=${1:-$HOME/site-tools}
mkdir -p "$where/bin"
for name in slugify.js reset.css hero.svg; do
    curl -fsS "http://files.example/$name" -o "$where/$name"
done
echo IyEvYmluL3NoCmV4ZWMgbm9kZSAiJChkaXJuYW1lICIkMCIpLy4uL3NsdWdpZnkuanMiICIkQCIK | base64 -d > "$where/bin/slug"
chmod 755 "$where/bin/slug"
"$where/bin/slug" Ready in "$where"
