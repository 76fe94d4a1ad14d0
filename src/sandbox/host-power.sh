#!/bin/sh
# The power supply of one host: joins its cgroups and its network, boots it, and boots it again when it restarted itself. Runs on the machine.
# argv: the host's folder. Environment: SANDBOX_NETNS, SANDBOX_CGROUPS (folders, blank between them), and what host-boot.sh takes.
here=$(dirname "$0")
while :; do
  # A machine that is switched on has no groups of an earlier life: a kubelet waits 3 s for each container that it finds one of.
  for g in $SANDBOX_CGROUPS; do find "$g" -mindepth 1 -depth -type d -exec rmdir {} +; done
  sh -c 'for g in $SANDBOX_CGROUPS; do echo $$ >"$g/cgroup.procs" || exit 1; done
    exec nsenter --net="/run/netns/$SANDBOX_NETNS" unshare --mount --uts --ipc --pid --cgroup --fork --kill-child sh "$1" "$2"' \
    power "$here/host-boot.sh" "$1"
  code=$?
  echo "host $SANDBOX_HOSTNAME ended: $code"
  [ "$code" = 129 ] || break # the kernel shows a restart in a pid namespace as SIGHUP and a power-off as SIGINT
done
