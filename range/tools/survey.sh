#!/bin/sh
# Second stage of the recorded story: writes down facts of the machine, changes nothing.
echo "== system"; hostname; uname -r; uptime
echo "== people"; cut -d: -f1,3,7 /etc/passwd; who
echo "== network"; ss -tln; ip -br addr; cat /etc/resolv.conf
echo "== periodic"; cat /etc/crontab; ls /etc/cron.d
echo "== writable"; find /etc /usr/local -writable -type f 2>/dev/null | head
echo "== sudo"; sudo -n -l 2>/dev/null
