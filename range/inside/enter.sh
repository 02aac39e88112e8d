#!/bin/sh
# Runs in fresh namespaces: turns the tree $1 into the root of the host $2 and becomes its first process.
# The rest of the words are the address and the services.
set -e
root=$1; name=$2; shift 2
hostname "$name"
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
rm -f dev/ptmx
ln -s pts/ptmx dev/ptmx
pivot_root . .
umount -l .
cd /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /usr/bin/python3 /sbin/init "$@"
