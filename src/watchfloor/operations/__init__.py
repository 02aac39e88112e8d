"""The operations floor: alerts in, put aside with a reason or correlated into incidents worth opening."""
