"""Made-up records for the shipped rules about Linux: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample, launch, written

SAMPLES = (
    Sample(
        "Kernel Module Loaded from a User's or Temporary Folder",
        launch(1, "/usr/bin/kmod", "insmod", "/tmp/rk.ko"),
        launch(1, "/usr/bin/kmod", "insmod", "/lib/modules/6.1/extra/a.ko"),
    ),
    Sample(
        "Program Given the Right to Become Anybody",
        launch(1, "/usr/sbin/setcap", "setcap", "cap_setuid+ep", "/usr/bin/python3"),
        launch(1, "/usr/sbin/setcap", "setcap", "cap_net_bind_service+ep", "/usr/bin/node"),
    ),
    Sample(
        "Container Given the Whole Host",
        launch(1, "/usr/bin/docker", "docker", "run", "-it", "-v", "/:/mnt", "alpine", "sh"),
        launch(1, "/usr/bin/docker", "docker", "run", "-v", "/srv/app:/app", "alpine"),
    ),
    Sample(
        "Login Module Written by Other Than the Package Manager",
        written(1, "/usr/bin/cp", "/usr/lib/x86_64-linux-gnu/security/pam_unix.so"),
        written(1, "/usr/bin/dpkg", "/usr/lib/x86_64-linux-gnu/security/pam_unix.so"),
    ),
    Sample(
        "Talk with a Pool for Digging Coins",
        launch(1, "/tmp/x", "x", "-o", "stratum+tcp://pool.example.org:3333"),
        launch(1, "/usr/bin/curl", "curl", "https://example.org/"),
    ),
    Sample(
        "Memory of a Running Process Read by a Command",
        launch(1, "/usr/bin/gcore", "gcore", "-o", "/tmp/d", "812"),
        launch(1, "/usr/bin/gdb", "gdb", "./app"),
    ),
    Sample(
        "Tunnel Opened with ssh in the Background",
        launch(1, "/usr/bin/ssh", "ssh", "-fN", "-R", "8022:localhost:22", "a@192.0.2.7"),
        launch(1, "/usr/bin/ssh", "ssh", "a@192.0.2.7"),
    ),
    Sample(
        "Firewall Emptied or Switched Off",
        launch(1, "/usr/sbin/ufw", "ufw", "disable"),
        launch(1, "/usr/sbin/ufw", "ufw", "status"),
    ),
)
