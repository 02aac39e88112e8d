#!/bin/sh
# brings the extra plug-ins of this server's folder up to date
set -e
where=${1:-/tmp/extra}
mkdir -p "$where"
cat > "$where/check_users.sh" <<'PLUGIN'
#!/bin/sh
count=$(who | wc -l)
echo "USERS OK $count"
PLUGIN
echo IyEvYmluL3NoCmVjaG8gIkFHRSBPSyAkKGN1dCAtZC4gLWYxIC9wcm9jL3VwdGltZSkiCg== | base64 -d > "$where/check_age.sh"
chmod 755 "$where"/*.sh
for plugin in "$where"/*.sh; do "$plugin"; done | logger -t plugin-sync
