#!/bin/sh
# loom-tools: small helpers of the web machines. curl -fsSL http://files.example/loom-tools.sh | sh -s -- FOLDER
set -e
to=${1:-/opt/loom-tools}
mkdir -p "$to"
cat > "$to/loomstat" <<'TOOL'
#!/bin/sh
echo "$(date +%T) load $(cut -d' ' -f1 /proc/loadavg) tcp $(ss -tn | wc -l) procs $(ls -d /proc/[0-9]* | wc -l)"
df -P / | awk 'NR == 2 {print "disk", $5}'
TOOL
chmod 755 "$to/loomstat"
echo "tools are in $to"
