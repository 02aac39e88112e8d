#!/bin/sh
# A small clinic's file and report server: letters, results of a laboratory, pictures, a board with tickets.
# Every name, password and secret in here is made up; there are no patients.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1

for group in ward reports; do getent group $group > /dev/null || groupadd $group; done
for who in frontdesk labwire scribe; do
    getent passwd $who > /dev/null || useradd -r -G ward,reports -d /opt/$who -s /usr/sbin/nologin $who
done
git config --system --add safe.directory '*'
setcap cap_net_raw+p /usr/bin/ping
mkdir -p /opt/frontdesk/tickets /opt/labwire /opt/scribe/bin /opt/scribe/forms

# --- shares: results that come in, letters that go out, pictures, the archive of former years
install -d -m 2775 -g ward /srv/shares /srv/shares/results /srv/shares/results/new /srv/shares/results/filed
install -d -m 2775 -g reports /srv/shares/letters /srv/shares/letters/draft /srv/shares/letters/sent
install -d -m 2775 -g ward /srv/shares/pictures /srv/shares/rota /srv/shares/supplies
install -d -m 2770 -g reports /srv/shares/referrals
for year in 2022 2023 2024 2025; do
    mkdir -p /srv/shares/referrals/$year
    awk -v y=$year 'BEGIN{srand(y); print "case;practice;day;reason;urgent";
        split("knee shoulder back hand neck hip",r," ");
        for(i=1;i<=260;i++) printf "C%d-%04d;Practice %d;%d-%02d-%02d;%s;%d\n", y, i, 1+rand()*40, y, 1+rand()*11,
            1+rand()*27, r[1+int(rand()*6)], rand()*2}' > /srv/shares/referrals/$year/referrals.csv
done
awk 'BEGIN{srand(3); print "item,shelf,stock,minimum"; split("bandage,gauze,tape,gloves,gel,electrode,needle,mask",k,",");
    for(i=1;i<=120;i++) printf "%s %d,%c%d,%d,%d\n", k[1+int(rand()*8)], i, 65+rand()*6, rand()*20, rand()*200, 10+rand()*30}' \
    > /srv/shares/supplies/stock.csv
for week in 44 45 46 47 48; do
    awk -v w=$week 'BEGIN{srand(w); split("mon tue wed thu fri sat",d," "); split("early late night off",s," ");
        for(i=1;i<=6;i++) for(p=1;p<=9;p++) printf "%s\tnurse-%d\t%s\n", d[i], p, s[1+int(rand()*4)]}' \
        > /srv/shares/rota/week-$week.tsv
done
cat > /opt/scribe/forms/letter.ms <<'MS'
.TL
Letter of the clinic
.AU
Physiotherapy, room ROOM
.PP
Dear colleague, case CASE was seen on DAY.
.PP
Findings: TEXT
.PP
With kind regards
MS
cat > /opt/scribe/forms/notice.txt <<'TXT'
Notice of ${DAY}: room ${ROOM} is closed because of ${WHY}.
TXT
cat > /opt/scribe/bin/make-letter <<'SH'
#!/bin/bash
# make-letter CASE ROOM TEXT...: a letter as PDF in the drafts
set -e
case=$1 room=$2
shift 2
out=/srv/shares/letters/draft/$case
sed -e "s/CASE/$case/; s/ROOM/$room/; s/DAY/$(date +%F)/" -e "s/TEXT/$*/" /opt/scribe/forms/letter.ms \
    | groff -ms -Tps > "$out.ps"
ps2pdf "$out.ps" "$out.pdf"
rm -f "$out.ps"
echo "$out.pdf $(pdfinfo "$out.pdf" | awk '/Pages/{print $2}')"
SH
cat > /opt/scribe/bin/send-round <<'SH'
#!/bin/sh
# stamps drafts as sent and tells the desk by mail
umask 002
for draft in /srv/shares/letters/draft/*.pdf; do
    [ -e "$draft" ] || exit 0
    qpdf --warning-exit-0 --linearize "$draft" "/srv/shares/letters/sent/$(basename "$draft" .pdf)-$(date +%H%M).pdf"
    rm -f "$draft"
done
ls /srv/shares/letters/sent | wc -l | s-nail -s 'letters sent' nfarah@localhost
find /srv/shares/letters/sent -name '*.pdf' -mmin +40 -delete
SH
cat > /opt/labwire/feed <<'SH'
#!/bin/bash
# plays the laboratory: a message with a few values now and then
kinds=(CRP Hb Ferritin TSH Glucose)
while sleep $((35 + RANDOM % 40)); do
    name=/srv/shares/results/new/$(date +%s).hl
    printf 'MSH|lab|clinic|%s\n' "$(date +%FT%T)" > "$name.part"
    for kind in "${kinds[@]}"; do printf 'OBX|%s|%d.%d\n' "$kind" $((RANDOM % 90)) $((RANDOM % 10)); done >> "$name.part"
    mv "$name.part" "$name"
done
SH
cat > /opt/labwire/file-results <<'SH'
#!/bin/sh
# messages of the laboratory become lines of a table
umask 002
cd /srv/shares/results/new || exit 1
for message in *.hl; do
    [ -e "$message" ] || exit 0
    gawk -F'|' -v OFS=';' -v m="${message%.hl}" '$1=="OBX"{print m,$2,$3}' "$message" >> ../filed/day.csv
    rm -f "$message"
done
logger -t labwire "$(wc -l < ../filed/day.csv) values filed"
SH
cat > /opt/scribe/bin/night-copy <<'SH'
#!/bin/sh
# a copy with its past, of what the ward cannot make again
rdiff-backup --api-version 201 -v1 backup --include /srv/shares/letters --include /srv/shares/rota \
    --include /srv/shares/supplies --exclude '**' /srv/shares /var/lib/shelf > /dev/null 2>&1 || logger -t shelf failed
tar -C /srv/shares -cf - referrals | zstd -q -f -o /var/lib/shelf-referrals.tar.zst
SH
cat > /opt/scribe/bin/stock-note <<'SH'
#!/bin/sh
awk -F, 'NR>1 && $3<$4{print $1, $3}' /srv/shares/supplies/stock.csv | sort | head -40 > /srv/shares/supplies/order.txt
SH
chmod 755 /opt/scribe/bin/* /opt/labwire/feed /opt/labwire/file-results
install -d -m 700 /var/lib/shelf
printf '1764050000;CRP;4.2\n1764050000;Hb;13.1\n' > /srv/shares/results/filed/day.csv
chown labwire:ward /srv/shares/results/filed/day.csv; chmod 664 /srv/shares/results/filed/day.csv
/opt/scribe/bin/stock-note; /opt/scribe/bin/night-copy
for n in 1 2 3; do echo "from=desk&room=$n&about=printer" > /opt/frontdesk/tickets/170000000000$n.txt; done
for who in nfarah gwillems esoto; do echo 'PATH=$PATH:/opt/scribe/bin' >> "/home/$who/.bashrc"; done

# --- board of the front desk
cat > /opt/frontdesk/board.js <<'JS'
// What the desk and the rooms look at: rooms, who waits, tickets.
const http = require("http"), fs = require("fs"), place = "/opt/frontdesk/tickets";
const rooms = [..."ABCDEF"].map((name, n) => ({ name, free: n % 2 === 0 }));
http.createServer((asked, answer) => {
  const path = asked.url.split("?")[0];
  let body = "";
  asked.on("data", (more) => { if (body.length < 4000) body += more; });
  asked.on("end", () => {
    answer.setHeader("Content-Type", "application/json");
    if (asked.method === "POST" && path === "/tickets") {
      fs.writeFileSync(`${place}/${Date.now()}.txt`, body.replace(/[^\w=&+ -]/g, "") + "\n");
      for (const old of fs.readdirSync(place).sort().slice(0, -60)) fs.unlinkSync(`${place}/${old}`);
      return answer.end('{"noted":true}\n');
    }
    if (path === "/tickets") return answer.end(JSON.stringify(fs.readdirSync(place).sort().slice(-10)) + "\n");
    if (path === "/rooms") return answer.end(JSON.stringify(rooms) + "\n");
    if (path === "/waiting" || path === "/today" || path === "/alive")
      return answer.end(JSON.stringify({ at: Date.now(), waiting: 3 + (Date.now() % 9) }) + "\n");
    answer.statusCode = 404;
    answer.end("{}\n");
  });
}).listen(8460, "0.0.0.0");
JS
chown -R frontdesk:ward /opt/frontdesk/tickets; chmod 2775 /opt/frontdesk/tickets
chown -R labwire: /opt/labwire
chown labwire:ward /srv/shares/results/new /srv/shares/results/filed
cat > /etc/reports.rsyncd <<'CONF'
use chroot = no
uid = scribe
gid = reports
log file = /var/log/reports-rsyncd.log
[letters]
    path = /srv/shares/letters/sent
    read only = yes
[rota]
    path = /srv/shares/rota
    read only = yes
CONF

# --- packages of the house: a small archive of its own, so that lists can be refreshed
mkdir -p /srv/packages/pool
for name in clinic-forms clinic-fonts clinic-scripts; do
    for version in 1.2 1.3; do
        work=$(mktemp -d)
        mkdir -p "$work/DEBIAN" "$work/usr/share/$name"
        printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: desk <desk@corp.example>\nDescription: forms\n' \
            $name $version > "$work/DEBIAN/control"
        seq 200 > "$work/usr/share/$name/list.txt"
        dpkg-deb --root-owner-group -b "$work" "/srv/packages/pool/${name}_${version}_all.deb" > /dev/null
        rm -rf "$work"
    done
done
(cd /srv/packages && dpkg-scanpackages -m pool > Packages 2> /dev/null)
dpkg -i /srv/packages/pool/clinic-forms_1.2_all.deb > /dev/null
echo 'deb [trusted=yes] file:/srv/packages ./' > /etc/apt/sources.list
rm -rf /var/lib/apt/lists/*; apt-get -q update > /dev/null

cat > /etc/cron.d/clinic <<'CRON'
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
MAILTO=""
*/4 * * * *  labwire   /opt/labwire/file-results
*/9 * * * *  scribe    /opt/scribe/bin/send-round
*/15 * * * * root      /opt/scribe/bin/night-copy
*/20 * * * * root      /opt/scribe/bin/stock-note
*/6 * * * *  root      apt-get -qq update
*/10 * * * * root      /usr/sbin/logrotate -s /var/lib/logrotate/clinic /etc/logrotate.d/clinic
CRON
mkdir -p /var/lib/logrotate
printf '/var/log/reports-rsyncd.log /srv/shares/results/filed/day.csv {\n    su root ward\n    size 2k\n    rotate 3\n' \
    > /etc/logrotate.d/clinic
printf '    missingok\n    copytruncate\n    compress\n}\n' >> /etc/logrotate.d/clinic
printf 'esoto\n' > /etc/cron.allow; printf 'root\n' >> /etc/cron.allow
git init -q --bare --shared=group -b main /srv/shares/forms.git
chgrp -R reports /srv/shares/forms.git
su gwillems -c 'cd && git clone -q /srv/shares/forms.git forms 2>/dev/null && cd forms && cp /opt/scribe/forms/* . \
    && git add . && git commit -qm "Forms of the clinic" && git push -q origin HEAD:main'
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat /etc/cron.daily/exim4-base
