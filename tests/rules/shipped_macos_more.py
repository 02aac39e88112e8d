"""Made-up records for the shipped rules about macOS, the second third: attacks and ordinary work near them."""

from tests.rules.macos_documents import ran, wrote
from tests.rules.shipped_samples import Sample

SAMPLES = (
    Sample(
        "List of Reopened Programs Written by Another Program",
        wrote("/usr/bin/plutil", "/Users/ann/Library/Preferences/ByHost/com.apple.loginwindow.1.plist"),
        wrote("/usr/sbin/cfprefsd", "/Users/ann/Library/Preferences/ByHost/com.apple.loginwindow.1.plist"),
    ),
    Sample(
        "Login Item Made by a Command",
        ran("""osascript -e 'tell application "System Events" to make login item with properties {path:"/tmp/a"}' """),
        ran("""osascript -e 'tell application "System Events" to get the name of every login item' """),
    ),
    Sample(
        "List of Background Items Written by Another Program",
        wrote(
            "/usr/bin/python3",
            "/Users/ann/Library/Application Support/com.apple.backgroundtaskmanagementagent/backgrounditems.btm",
        ),
        wrote(
            "/System/Library/CoreServices/backgroundtaskmanagementagent",
            "/Users/ann/Library/Application Support/com.apple.backgroundtaskmanagementagent/backgrounditems.btm",
        ),
    ),
    Sample(
        "Rule for the Event Monitor Daemon Written",
        wrote("/bin/cp", "/private/etc/emond.d/rules/a.plist"),
        wrote("/usr/libexec/system_installd", "/private/etc/emond.d/rules/Sample.plist"),
    ),
    Sample(
        "Periodic or Start-Up Script Written",
        wrote("/usr/bin/tee", "/etc/periodic/daily/999.up"),
        wrote("/usr/bin/tee", "/etc/hosts"),
    ),
    Sample(
        "Cron Table Written on a Mac",
        wrote("/usr/bin/crontab", "/private/var/at/tabs/ann"),
        wrote("/usr/bin/vim", "/Users/ann/crontab.txt"),
    ),
    Sample(
        "Cron Table Taken from a Pipe or File (macOS)",
        ran("crontab /tmp/jobs"),
        ran("crontab -l"),
    ),
    Sample(
        "Job Set with at, or at Switched On",
        ran("launchctl load -w /System/Library/LaunchDaemons/com.apple.atrun.plist"),
        ran("at -l"),
    ),
    Sample(
        "Rare Start-Up File of a Shell Written",
        wrote("/bin/zsh", "/Users/ann/.zshenv"),
        wrote("/usr/bin/vim", "/Users/ann/.zshenv"),
    ),
    Sample(
        "Start-Up File of a Shell Made to Fetch or Run Something",
        ran("sh -c 'echo nohup /Users/ann/Library/a >> ~/.zshrc'"),
        ran("sh -c 'echo export EDITOR=vim >> ~/.zshrc'"),
    ),
    Sample(
        "Keys for Log-In Written by a Script (macOS)",
        wrote("/usr/bin/tee", "/var/root/.ssh/authorized_keys"),
        wrote("/usr/bin/vim", "/Users/ann/.ssh/authorized_keys"),
    ),
    Sample(
        "Key for Log-In Added by a Command (macOS)",
        ran("sh -c 'echo ssh-ed25519 AAAA >> /Users/ann/.ssh/authorized_keys'"),
        ran("cat /Users/ann/.ssh/authorized_keys"),
    ),
    Sample(
        "Sudo Rules Changed Without visudo (macOS)",
        wrote("/bin/cp", "/private/etc/sudoers.d/ann"),
        wrote("/usr/sbin/visudo", "/etc/sudoers"),
    ),
    Sample(
        "Sudo Told to Ask for No Password",
        ran("sh -c 'echo ann ALL=NOPASSWD:ALL > /etc/sudoers.d/ann'"),
        ran("cat /etc/sudoers"),
    ),
    Sample(
        "Password Handed to sudo by a Pipe",
        ran("sh -c 'echo secret | sudo -S id'"),
        ran("sudo -s"),
    ),
    Sample(
        "Login Module or Authorization Plug-in Written (macOS)",
        wrote("/bin/cp", "/usr/local/lib/pam/pam_x.so"),
        wrote("/usr/bin/nano", "/etc/pam.d/sudo_local"),
    ),
    Sample(
        "Rights of Authorization Opened",
        ran("security authorizationdb write system.preferences allow"),
        ran("security authorizationdb read system.preferences"),
    ),
    Sample(
        "Administrator's Rights for a Shell or Odd Program",
        ran("/usr/libexec/security_authtrampoline /bin/bash auth 5 /tmp/a.sh"),
        ran("/usr/libexec/security_authtrampoline /Applications/A.app/Contents/MacOS/helper auth 5"),
    ),
    Sample(
        "Script Attached to a Folder",
        ran("""osascript -e 'tell application "System Events" to attach action to folder "Desktop" using "a.scpt"' """),
        ran("""osascript -e 'tell application "Finder" to open folder "Desktop" of home' """),
    ),
    Sample(
        "Plug-in of a System Service Put in Place by a Script",
        wrote("/usr/bin/ditto", "/Users/ann/Library/Screen Savers/a.saver/Contents/MacOS/a"),
        wrote("/usr/sbin/installd", "/Library/QuickLook/a.qlgenerator/Contents/MacOS/a"),
    ),
    Sample(
        "Program Put into the Dock by a Command",
        ran("defaults write com.apple.dock persistent-apps -array-add '<dict></dict>'"),
        ran("defaults write com.apple.dock autohide -bool true"),
    ),
    Sample(
        "Kernel Extension Loaded from an Odd Folder (macOS)",
        ran("kextload /tmp/rk.kext"),
        ran("kextload /Library/Extensions/Vendor.kext"),
    ),
    Sample(
        "Browser Started with an Extension or a Debugging Port",
        ran("open -a 'Google Chrome' --args --remote-debugging-port=9222"),
        ran("open -a 'Google Chrome' --args --incognito"),
    ),
    Sample(
        "Configuration Profile Installed or Removed by a Command",
        ran("profiles install -path=/tmp/a.mobileconfig -type=configuration"),
        ran("profiles show -type enrollment"),
    ),
    Sample(
        "Certificate Trusted by a Command (macOS)",
        ran("security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain /tmp/a.pem"),
        ran("security find-certificate -a"),
    ),
    Sample(
        "Management of the Mac Turned to Another Server",
        ran("defaults write /Library/Preferences/com.jamfsoftware.jamf.plist jss_url https://192.0.2.7/"),
        ran("defaults read /Library/Preferences/com.jamfsoftware.jamf.plist jss_url"),
    ),
    Sample(
        "Account Made by a Command (macOS)",
        ran("sysadminctl -addUser helper -password secret"),
        ran("dscl . -list /Users"),
    ),
    Sample(
        "Account Hidden from the Login Window",
        ran("dscl . -create /Users/helper IsHidden 1"),
        ran("dscl . -create /Users/helper UniqueID 505"),
    ),
    Sample(
        "Account Made an Administrator (macOS)",
        ran("dseditgroup -o edit -a helper -t user admin"),
        ran("dseditgroup -o checkmember -m ann admin"),
    ),
    Sample(
        "Root Account Switched On",
        ran("/usr/sbin/dsenableroot -u ann -p secret -r secret"),
        ran("/usr/sbin/dsenableroot -d"),
    ),
    Sample(
        "Log-In Without a Password Set",
        ran("cat /etc/kcpassword"),
        ran("defaults read /Library/Preferences/com.apple.loginwindow autoLoginUser"),
    ),
    Sample(
        "Remote Log-In or Control Switched On (macOS)",
        ran("systemsetup -f -setremotelogin on"),
        ran("systemsetup -getremotelogin"),
    ),
    Sample(
        "Control of the Screen Opened to Everybody or by an Old Password",
        ran("/System/Library/CoreServices/ARDAgent.app/Resources/kickstart -configure -setvncpw -vncpw secret"),
        ran("/System/Library/CoreServices/ARDAgent.app/Resources/kickstart -restart -agent"),
    ),
    Sample(
        "Keychain Dumped by a Command",
        ran("security dump-keychain -d login.keychain"),
        ran("security list-keychains"),
    ),
    Sample(
        "Browser's Key or Wi-Fi Password Taken from the Keychain",
        ran("security find-generic-password -wa Chrome"),
        ran("security find-generic-password -s backup-tool"),
    ),
    Sample(
        "Password of the Keychain Printed by a Command",
        ran("security find-internet-password -s example.org -w"),
        ran("security find-certificate -c Example"),
    ),
    Sample(
        "Keychain Unlocked with a Password in the Command (macOS)",
        ran("security unlock-keychain -p secret login.keychain-db"),
        ran("security lock-keychain login.keychain-db"),
    ),
    Sample(
        "Keychain File Copied, Packed or Sent",
        ran("cp /Users/ann/Library/Keychains/login.keychain-db /tmp/k"),
        ran("ls /Users/ann/Library/Keychains"),
    ),
    Sample(
        "Store of Passwords or Cookies Opened by a Tool or Odd Program",
        wrote("/usr/bin/python3", "/Users/ann/Library/Application Support/Google/Chrome/Default/Login Data", "open"),
        wrote(
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Users/ann/Library/Application Support/Google/Chrome/Default/Login Data",
            "open",
        ),
    ),
    Sample(
        "Browser's Passwords or Cookies Copied or Read by a Tool (macOS)",
        ran("cp '/Users/ann/Library/Application Support/Google/Chrome/Default/Login Data' /tmp/l"),
        ran("cp '/Users/ann/Library/Application Support/Google/Chrome/Default/Bookmarks' /tmp/b"),
    ),
    Sample(
        "Messages, Notes or Mail Copied or Queried by a Tool",
        ran("sqlite3 /Users/ann/Library/Messages/chat.db 'select text from message'"),
        ran("sqlite3 /Users/ann/src/app/chat.db 'select 1'"),
    ),
    Sample(
        "History of a Browser Copied or Queried by a Tool",
        ran("sqlite3 /Users/ann/Library/Safari/History.db 'select url from history_items'"),
        ran("sqlite3 /Users/ann/app.db 'select 1'"),
    ),
    Sample(
        "Wallet or Session of a Messenger Taken (macOS)",
        ran("ditto -c -k '/Users/ann/Library/Application Support/Exodus/exodus.wallet' /tmp/w.zip"),
        ran("cp /Users/ann/src/wallet/README.md /tmp/"),
    ),
    Sample(
        "History of Downloads Queried",
        ran("sqlite3 /Users/ann/Library/Preferences/com.apple.LaunchServices.QuarantineEventsV2 .dump"),
        ran("sqlite3 /Users/ann/app.db 'select 1'"),
    ),
    Sample(
        "Database of Privacy Permissions Changed",
        ran("sqlite3 /Library/com.apple.TCC/TCC.db 'INSERT into access values(1)'"),
        ran("ls /Users/ann/Library/com.apple.TCC/TCC.db"),
    ),
    Sample(
        "Database of Privacy Permissions Read",
        ran("sqlite3 /Library/com.apple.TCC/TCC.db 'select client from access'"),
        ran("sqlite3 /Users/ann/app.db 'select 1'"),
    ),
    Sample(
        "Database of Privacy Permissions Written by Another Program",
        wrote("/usr/bin/sqlite3", "/Users/ann/Library/Application Support/com.apple.TCC/TCC.db"),
        wrote(
            "/System/Library/PrivateFrameworks/TCC.framework/Support/tccd",
            "/Users/ann/Library/Application Support/com.apple.TCC/TCC.db",
        ),
    ),
    Sample(
        "Privacy Permissions Reset by a Command",
        ran("tccutil reset AppleEvents"),
        ran("tccutil --help"),
    ),
)
