#!/bin/sh
# sidecar: prints what it was given, once a second
while [ "${1:-0}" -gt 0 ]; do echo "sidecar $1"; set -- $(($1 - 1)); sleep 1; done
