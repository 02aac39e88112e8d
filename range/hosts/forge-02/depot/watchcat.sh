#!/bin/sh
# watchcat: notes load and room once in a while. watchcat.sh install|once|status|remove
set -e
self=/usr/local/sbin/watchcat
once() {
    echo "$(date +%FT%T) $(cut -d' ' -f1-3 /proc/loadavg) $(df -P / | awk 'NR==2{print $5}')" >> /var/log/watchcat.log
    logger -t watchcat "noted"
}
case ${1:-status} in
install)
    work=$(mktemp /tmp/watchcat.XXXXXX)
    curl -fsS http://files.example/watchcat.sh -o "$work"
    install -m 755 "$work" "$self"
    rm -f "$work"
    echo "*/6 * * * * root $self once" > /etc/cron.d/watchcat
    chmod 644 /etc/cron.d/watchcat
    once
    ;;
once) once ;;
remove) rm -f "$self" /etc/cron.d/watchcat ;;
status) [ -x "$self" ] && tail -n 1 /var/log/watchcat.log || echo 'not installed' ;;
esac
