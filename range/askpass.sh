#!/bin/sh
# ssh asks here for the password of the account the intruder made
printf '%s\n' "$RANGE_PASSWORD"
