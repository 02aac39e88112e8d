"""Scanners of the depots: a trickle of scans, looked up and written, all day long."""

import os
import random
import time

import psycopg2

os.environ.setdefault("PGPASSFILE", "/etc/waybill.pgpass")


def shift():
    """One scanner's shift of some twenty seconds on a connection of its own."""
    link = psycopg2.connect(host="127.0.0.1", user="waybill", dbname="haulage", application_name="scanner")
    link.autocommit = True
    cursor = link.cursor()
    for _ in range(random.randint(15, 40)):
        parcel = random.randint(1, 4000)
        cursor.execute("SELECT state, due FROM parcel WHERE id = %s", (parcel,))
        state, _due = cursor.fetchone()
        cursor.execute("INSERT INTO scan (parcel, depot, note) VALUES (%s, %s, %s)", (parcel, parcel % 12 + 1, state))
        if random.random() < 0.1:
            cursor.execute("UPDATE parcel SET state = 'moving' WHERE id = %s", (parcel,))
        time.sleep(random.uniform(0.2, 1.0))
    link.close()


while True:
    try:
        shift()
    except psycopg2.Error as wrong:
        print(wrong, flush=True)
    time.sleep(random.uniform(1, 8))
