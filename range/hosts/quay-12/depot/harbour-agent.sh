#!/bin/sh
# harbour-agent: a host's facts as one line, for the board. curl -fsSL http://files.example/harbour-agent.sh | sh
set -e
to=${AGENT_DIR:-/opt/harbour-agent}
mkdir -p "$to"
cat > "$to/agent" <<'AGENT'
#!/bin/sh
printf '{"host":"%s","load":"%s","users":%s,"procs":%s}\n' "$(hostname)" "$(cut -d' ' -f1 /proc/loadavg)" \
    "$(who | wc -l)" "$(ls -d /proc/[0-9]* | wc -l)"
AGENT
chmod 755 "$to/agent"
"$to/agent"
