#!/bin/sh
# Runs once in a new tree (chroot), before the host's own setup.sh: what every host has.
# $1: name  $2: suite; then name:uid:password:groups of each person. All of it is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
host=$1; suite=$2; shift 2

echo "$host" > /etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$host" > /etc/hosts
rm -f /etc/apt/apt.conf.d/*proxy* /etc/apt/sources.list.d/*
printf 'deb http://deb.debian.org/debian %s main\n' "$suite" > /etc/apt/sources.list
: > /etc/environment
echo 'LANG=C.UTF-8' > /etc/default/locale
chmod 1777 /tmp /dev/shm 2>/dev/null || { mkdir -p /dev/shm; chmod 1777 /dev/shm; }

# a tree whose making was cut short and resumed still has debootstrap's stand-in
if grep -q 'Fake start-stop-daemon' /sbin/start-stop-daemon; then
    if [ -e /sbin/start-stop-daemon.REAL ]; then mv /sbin/start-stop-daemon.REAL /sbin/start-stop-daemon
    else apt-get -q update; apt-get -q -y install --reinstall dpkg; fi
fi

# --- people
for entry in "$@"; do
    who=${entry%%:*}; rest=${entry#*:}; uid=${rest%%:*}; rest=${rest#*:}; password=${rest%%:*}; groups=${rest#*:}
    useradd -m -u "$uid" -s /bin/bash "$who"
    echo "$who:$password" | chpasswd
    for group in $(echo "$groups" | tr ',' ' '); do
        getent group "$group" > /dev/null || groupadd "$group"
        usermod -aG "$group" "$who"
    done
    install -d -m 700 -o "$who" -g "$who" "/home/$who/.ssh"
    printf 'export PAGER=cat GIT_PAGER=cat EDITOR=vim.tiny LESS=-FX\n' >> "/home/$who/.bashrc"
    su "$who" -c "git config --global user.name $who; git config --global user.email $who@corp.example; git config --global init.defaultBranch main"
done
printf 'export EDITOR=vim.tiny PAGER=cat\n' >> /root/.bashrc

# --- ssh: verbose, because its log names the port each session came from
sed -i -e 's/^#\?LogLevel.*/LogLevel VERBOSE/' -e 's/^#\?UseDNS.*/UseDNS no/' -e 's/^#\?PrintLastLog.*/PrintLastLog no/' /etc/ssh/sshd_config
printf 'MaxStartups 50:30:100\nPasswordAuthentication yes\n' >> /etc/ssh/sshd_config
ssh-keygen -A > /dev/null
rm -f /etc/update-motd.d/*; : > /etc/motd
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat /etc/cron.d/e2scrub_all
