"""Training and measuring: the only place torch may be imported; never imported by the running system."""
