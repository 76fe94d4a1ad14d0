#!/bin/sh
# The load balancer: haproxy out of the hosts' image, in a network, mount and pid namespace of its own. Runs on the machine.
# argv: the balancer's folder. Environment: SANDBOX_NETNS, SANDBOX_CGROUPS as for host-power.sh; SANDBOX_LOWER as for host-boot.sh.
set -eu
for g in $SANDBOX_CGROUPS; do echo $$ >"$g/cgroup.procs"; done
# shellcheck disable=SC2016 # the inner shell expands it
exec nsenter --net="/run/netns/$SANDBOX_NETNS" unshare --mount --pid --fork --kill-child sh -c 'set -eu
  mount --make-rprivate /
  mount -t overlay overlay -o "lowerdir=$1/files:$SANDBOX_LOWER" "$1/root" # no upper folder: read-only
  mount -t proc -o ro proc "$1/root/proc"
  mount --bind /dev/null "$1/root/dev/null"
  cd "$1/root"
  pivot_root . mnt
  umount -l /mnt
  exec env -i setpriv --bounding-set=-all --inh-caps=-all /usr/sbin/haproxy -db -f /etc/haproxy/haproxy.cfg' "$0" "$1"
