"""Linux audit events to Event rows, split by noun: records, their assembly, system calls, addresses, accounts."""
