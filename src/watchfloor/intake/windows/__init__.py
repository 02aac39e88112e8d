"""What Windows (and Sysmon for Linux) events mean: per channel, from named event data to Event columns."""
