"""The Debian package on a real systemd: installed, charging, killed, upgraded, probed, removed."""
