#!/bin/sh
# Furnishes the web server: a PHP shop, a Node API, a journal, builds, deployments. All names and secrets are made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
setup=$PWD
for group in web editors; do getent group "$group" > /dev/null || groupadd "$group"; done

# --- accounts
useradd -m -u 1410 -s /bin/bash -c 'deployments' -G web,www-data,editors deploy
useradd -m -u 1411 -s /bin/bash -c 'monitoring from the bastion' fleet
useradd -r -m -d /var/lib/webapi -s /usr/sbin/nologin -G web webapi
usermod -aG web www-data
printf 'deploy:Lantern-57\nfleet:Beacon-88\n' | chpasswd
for who in ahansen rvidal pkessler deploy; do
    printf 'export PAGER=cat GIT_PAGER=cat EDITOR=vim.tiny LESS=-FX NODE_PATH=/srv/www/tooling/node_modules\numask 002\n' >> "/home/$who/.bashrc"
    su "$who" -c "git config --global user.name $who; git config --global user.email $who@corp.example
        git config --global init.defaultBranch main"
    install -d -m 700 -o "$who" -g "$who" "/home/$who/.ssh"
    printf 'Host *\n    StrictHostKeyChecking accept-new\n    ConnectTimeout 4\n    LogLevel ERROR\n' > "/home/$who/.ssh/config"
    chown "$who:$who" "/home/$who/.ssh/config"
    printf 'cache=/home/%s/.npm\noffline=true\naudit=false\nfund=false\nupdate-notifier=false\nomit-lockfile-registry-resolved=true\n' "$who" > "/home/$who/.npmrc"
    chown "$who:$who" "/home/$who/.npmrc"
done
git config --system --add safe.directory '*'
cat > /etc/sudoers.d/web <<'EOF'
Cmnd_Alias SITE = /usr/sbin/nginx -t, /usr/sbin/nginx -T, /usr/sbin/service nginx *, /usr/local/bin/fix-rights, /usr/bin/tail * /var/log/nginx/*
ahansen  ALL=(root) NOPASSWD: SITE
ahansen  ALL=(www-data,deploy,webapi) NOPASSWD: ALL
deploy   ALL=(root) NOPASSWD: SITE
pkessler ALL=(deploy) NOPASSWD: /usr/local/bin/publish-journal, /usr/local/bin/purge-cache
EOF
chmod 440 /etc/sudoers.d/web

# --- the shop: releases with a link to the current one
install -d -m 2775 -g web /srv/www /srv/www/bin /srv/www/shop /srv/www/shop/releases /srv/www/shop/shared /srv/www/journal /srv/git /srv/api /srv/api/releases
install -d -m 2775 -o www-data -g web /srv/www/shop/shared/uploads /srv/www/shop/shared/cache /srv/www/shop/shared/thumbs
cp -r "$setup/site" /tmp/site
git init -q --bare -b main --shared=group /srv/git/shop.git
git clone -q /srv/git/shop.git /tmp/shop 2> /dev/null
cp -r /tmp/site/shop/. /tmp/shop/ && cd /tmp/shop && git checkout -q -B main && git add -A
git -c user.name=ahansen -c user.email=ahansen@corp.example commit -q -m 'shop as it runs' && git push -q origin main
printf 'Theme of {n}\n' > THEME && git add -A && git -c user.name=ahansen -c user.email=ahansen@corp.example commit -q -m 'note the theme' && git push -q origin main
cp /tmp/site/post-receive /srv/git/shop.git/hooks/ && chmod 775 /srv/git/shop.git/hooks/post-receive
cd / && mkdir -p /srv/www/shop/releases/r001 && git --git-dir=/srv/git/shop.git archive main | tar -x -C /srv/www/shop/releases/r001
ln -sfn releases/r001 /srv/www/shop/current && ln -sfn r001 /srv/www/shop/releases/last
printf 'SHOP_DB=/srv/www/shop/shared/shop.db\nSHOP_MAIL_PASSWORD=otter-lane-%s\nSHOP_ADMIN_TOKEN=adm_%s\n' 52 91c0e7 > /srv/www/shop/shared/.env
chown www-data:web /srv/www/shop/shared/.env && chmod 640 /srv/www/shop/shared/.env
awk 'BEGIN{srand(5); print "create table product(id integer primary key, name text, price real, stock integer);";
    print "create table cart(at text, item integer, count integer, note text); create table customer(id integer, name text, mail text);";
    split("rope tent stove socks lamp knife boots map compass bottle jacket mat",w," ");
    for(i=1;i<=120;i++) printf "insert into product values(%d,\"%s %s\",%.2f,%d);\n", i, (i%3?"light":"warm"), w[1+int(rand()*12)], 5+rand()*200, rand()*90;
    for(i=1;i<=300;i++) printf "insert into customer values(%d,\"Customer %d\",\"c%d@mail.example\");\n", i, i, i;}' | sqlite3 /srv/www/shop/shared/shop.db
chown www-data:web /srv/www/shop/shared/shop.db && chmod 664 /srv/www/shop/shared/shop.db

# --- the API, the journal, tools
mkdir -p /srv/api/releases/1 && cp /tmp/site/api/* /srv/api/releases/1/ && ln -sfn releases/1 /srv/api/current
cp /tmp/site/thumbs.py /srv/www/bin/
git init -q -b main /srv/www/journal/source && cp -r /tmp/site/journal/. /srv/www/journal/source/
for i in 1 2 3 4 5 6; do printf '# Tour %s\n\nWe walked *%s* hours along the ridge.\n\n- rope\n- stove\n\n> Weather held.\n' "$i" "$((i * 2))" > "/srv/www/journal/source/posts/tour-$i.md"; done
install -d -m 2775 -g editors /srv/www/journal/public && chgrp -R editors /srv/www/journal/source && chmod -R g+rwX /srv/www/journal/source
cd /srv/www/journal/source && git add -A && git -c user.name=pkessler -c user.email=pkessler@corp.example commit -q -m 'journal: first posts' && git config core.sharedRepository group
chgrp -R editors .git && chmod -R g+rwX .git && cd /
for tool in /tmp/site/bin/*; do install -m 755 "$tool" /usr/local/bin/; done
install -d -m 2775 -g web /srv/www/media && python3 - <<'EOF'
import random
from PIL import Image, ImageDraw
rng = random.Random(5)
for name in ("ridge", "camp", "river", "summit", "valley", "hut", "lake", "bridge"):
    image = Image.new("RGB", (640, 420), tuple(rng.randrange(60, 220) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = rng.randrange(640), rng.randrange(420)
        draw.ellipse((x, y, x + rng.randrange(90), y + rng.randrange(90)), fill=tuple(rng.randrange(255) for _ in range(3)))
    image.save(f"/srv/www/media/{name}.png")
    image.save(f"/srv/www/media/{name}.jpg", quality=92)
EOF
chgrp -R web /srv/www/media && chmod -R g+w /srv/www/media
install -d -m 2775 -g web /srv/www/tooling && cd /srv/www/tooling
cat > package.json <<'EOF'
{"name": "tooling", "version": "1.0.0", "private": true, "dependencies": {"marked": "^4", "terser": "^5", "csso": "^5", "nanoid": "^3", "ms": "^2"}}
EOF
npm install --silent --no-audit --no-fund --cache /home/ahansen/.npm && chown -R ahansen:web /srv/www/tooling && chown -R ahansen:ahansen /home/ahansen/.npm
install -d -m 2775 -g web /srv/www/packages && cd /srv/www/packages
for part in router mailer money; do
    mkdir -p "/tmp/pk/$part/src" && printf '<?php\nnamespace Fern\\%s;\nfunction version(): string { return "1.%s"; }\n' "$part" "${#part}" > "/tmp/pk/$part/src/$part.php"
    printf '{"name": "fern/%s", "version": "1.%s"}\n' "$part" "${#part}" > "/tmp/pk/$part/package.json"
    (cd /tmp/pk && zip -qr "/srv/www/packages/$part-1.${#part}.zip" "$part")
done
cd / && rm -rf /tmp/pk /tmp/site /tmp/shop

# --- nginx
openssl req -x509 -newkey rsa:2048 -nodes -days 120 -subj /CN=shop.corp.example -keyout /etc/ssl/private/shop.key -out /etc/ssl/certs/shop.pem 2> /dev/null
install -d -o www-data -g www-data /var/cache/nginx /var/cache/nginx/shop
cat > /etc/nginx/sites-available/shop <<'EOF'
proxy_cache_path /var/cache/nginx/shop levels=1:2 keys_zone=shop:1m max_size=8m inactive=5m;
limit_req_zone $binary_remote_addr zone=calm:1m rate=50r/s;
server {
    listen 80 default_server;
    listen 443 ssl default_server;
    server_name shop.corp.example journal.corp.example web-05;
    ssl_certificate /etc/ssl/certs/shop.pem;
    ssl_certificate_key /etc/ssl/private/shop.key;
    client_max_body_size 4m;
    access_log /var/log/nginx/shop.access.log;
    location / { limit_req zone=calm burst=80 nodelay; proxy_pass http://127.0.0.1:9080; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; }
    location /product { proxy_cache shop; proxy_cache_valid 200 1m; add_header X-Cache $upstream_cache_status; proxy_pass http://127.0.0.1:9080; }
    location /api/ { proxy_pass http://127.0.0.1:3000/; }
    location /journal/ { alias /srv/www/journal/public/; }
    location /media/ { alias /srv/www/media/; expires 1h; }
    location /files/ { alias /srv/www/shop/shared/uploads/; autoindex on; }
    location /nginx_status { stub_status; allow 127.0.0.1; deny all; }
}
EOF
ln -sf ../sites-available/shop /etc/nginx/sites-enabled/shop && rm -f /etc/nginx/sites-enabled/default
cat > /etc/logrotate.d/shop <<'EOF'
/var/log/nginx/shop.access.log /var/log/shop/*.log {
    size 20k
    rotate 4
    compress
    missingok
    notifempty
    su root web
    create 0664 www-data web
    postrotate
        [ -f /run/nginx.pid ] && kill -USR1 $(cat /run/nginx.pid)
    endscript
}
EOF
install -d -m 2775 -g web /var/log/shop /srv/www/reports
chown -R root:web /srv/www/shop/releases /srv/api/releases && chmod -R g+rwX /srv/www/shop/releases /srv/api/releases
publish-journal

# --- what cron does
cat > /etc/cron.d/site <<'EOF'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
* * * * *    deploy   health-check
*/4 * * * *  www-data find /srv/www/shop/shared/cache -type f -mmin +3 -delete
*/5 * * * *  root     fix-rights
*/6 * * * *  www-data traffic-report > /srv/www/reports/traffic.txt 2>/dev/null
*/7 * * * *  www-data sqlite3 /srv/www/shop/shared/shop.db ".backup /srv/www/shop/shared/cache/shop.backup"
*/8 * * * *  deploy   feed-import
*/9 * * * *  root     /usr/sbin/logrotate /etc/logrotate.d/shop
*/17 * * * * deploy   page-test dump http://127.0.0.1/ > /var/log/shop/page.log 2>&1
*/11 * * * * root     tar -C /srv/www -czf /var/backups/www-$(date +\%M).tgz shop/shared journal/source && find /var/backups -name 'www-*.tgz' -mmin +25 -delete
EOF
apt-get install -y -q -d --no-install-recommends apachetop tidy gifsicle php-curl > /dev/null
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat
