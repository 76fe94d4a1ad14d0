/** A systemd service and timer that renew all certificates of a control plane, as one shell script that puts them there. */
export function renewalTimer(): string {
  return `# On each control plane, as root: kadm certs renew --print-timer | sh
cat > /etc/systemd/system/kadm-certs-renew.service <<'UNIT'
[Unit]
Description=Renew the certificates of the Kubernetes control plane
After=kubelet.service

[Service]
Type=oneshot
ExecStart=kadm certs renew all --restart --strict
UNIT
cat > /etc/systemd/system/kadm-certs-renew.timer <<'UNIT'
[Unit]
Description=Renew the certificates of the Kubernetes control plane each month

[Timer]
OnCalendar=monthly
# Spreads the control planes of a cluster over three days, each at its own time: they do not restart at once.
RandomizedDelaySec=3d
FixedRandomDelay=true
Persistent=true

[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload && systemctl enable --now kadm-certs-renew.timer
`
}
