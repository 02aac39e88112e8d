#!/bin/sh
# a first look at a database: pgtop.sh [tables|locks|size]; uses the usual PG variables
ask() { psql -h "${PGHOST:-localhost}" -qAt -F '  ' -c "$1"; }
case ${1:-tables} in
tables) ask 'select relname, n_live_tup, n_dead_tup from pg_stat_user_tables order by 2 desc limit 5' ;;
locks) ask 'select mode, count(*) from pg_locks group by 1 order by 2 desc' ;;
size) ask 'select datname, pg_size_pretty(pg_database_size(datname)) from pg_database order by 1' ;;
esac
