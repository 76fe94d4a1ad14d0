#!/bin/sh
# The first process of a host: lays out its file tree, changes into it and becomes its init system. Runs in the host's own namespaces.
# argv: the host's folder. Environment: SANDBOX_HOSTNAME; SANDBOX_LOWER (read-only layers of the root, top first, ":" between them);
# SANDBOX_HIERARCHIES (cgroup v1 mount options, blank between them; empty: the machine has cgroup v2 only); SANDBOX_SOURCE (optional: kadm's own
# project folder, shown read-only at /opt/kadm) and with it SANDBOX_COMPILED (what Node has compiled of it, for all hosts: /opt/kadm-compiled).
#
# A host's root is the machine's root. What keeps it from the machine's clock, modules, disk and kernel knobs is marked "guard": do not take it away.
set -eu
dir=$1
root=$dir/root
read -r stat </proc/self/stat # the machine's /proc still: our pid and start time as the machine sees them
echo "$stat" >"$dir/leader.part"
mv "$dir/leader.part" "$dir/leader"

mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$SANDBOX_LOWER,upperdir=$dir/upper,workdir=$dir/work" "$root"
mount --bind "$dir/var" "$root/var" # not on the overlay: containerd's own overlays cannot lie on one

mount -t proc proc "$root/proc"
# guard: kernel knobs read-only, but for the network's (which are this host's own) and the six that a kubelet sets (files of this host's own)
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
for knob in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  [ ! -e "$root/proc/sys/$knob" ] || mount --bind "$dir/knobs/$knob" "$root/proc/sys/$knob"
done
cat /proc/sys/kernel/random/uuid >"$dir/boot_id"
mount --bind "$dir/boot_id" "$root/proc/sys/kernel/random/boot_id"
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind /dev/null "$root/proc/sysrq-trigger" # guard

mount -t sysfs sysfs "$root/sys"
mount -o remount,bind,ro "$root/sys" # only this mount: a read-only superblock would make /sys of every privileged pod read-only too
[ ! -e "$root/sys/class/dmi/id/product_uuid" ] || mount --bind "$dir/product_uuid" "$root/sys/class/dmi/id/product_uuid"

if [ -n "$SANDBOX_HIERARCHIES" ]; then
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  for options in $SANDBOX_HIERARCHIES; do
    folder=$root/sys/fs/cgroup/${options#name=}
    mkdir "$folder"
    case $options in
      unified) mount -t cgroup2 cgroup2 "$folder" ;;
      name=*) mount -t cgroup -o "none,$options" cgroup "$folder" ;;
      *) mount -t cgroup -o "$options" cgroup "$folder" ;;
    esac
    case $options in *,*) for one in $(echo "$options" | tr , ' '); do ln -s "$options" "$root/sys/fs/cgroup/$one"; done ;; esac
  done
  legacy='systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1' # systemd 257 is the last that runs on v1, and only if asked twice
else
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  legacy=
fi

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/net"
while read -r name major minor; do mknod -m 666 "$root/dev/$name" c "$major" "$minor"; done <<'NODES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
net/tun 10 200
NODES
mknod -m 644 "$root/dev/kmsg" c 1 11
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
: >"$root/dev/console"
mount --bind "$dir/console" "$root/dev/console"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
if [ -n "$SANDBOX_HIERARCHIES" ]; then
  # On cgroup v1 systemd takes a slice that has nothing to say about devices out of their hierarchy whenever it is empty there, also just
  # when the kubelet makes the group of a pod beneath it, who tries that pod again 10 to 15 s later (1 of 10 first pods). A service in the
  # slice that does say something keeps it there.
  units=$root/run/systemd/system
  mkdir -p "$units/multi-user.target.wants"
  for qos in burstable besteffort; do
    printf '[Service]\nSlice=kubepods-%s.slice\nDevicePolicy=closed\nUser=nobody\nExecStart=sleep infinity\n' $qos >"$units/sandbox-$qos.service"
    ln -s "../sandbox-$qos.service" "$units/multi-user.target.wants/"
  done
fi
if [ -n "${SANDBOX_SOURCE:-}" ]; then
  mkdir -p "$root/opt/kadm"
  mount --bind "$SANDBOX_SOURCE" "$root/opt/kadm"
  mount -o remount,bind,ro "$root/opt/kadm" # guard
  mkdir -p "$root/opt/kadm-compiled"
  mount --bind "$SANDBOX_COMPILED" "$root/opt/kadm-compiled"
fi

hostname "$SANDBOX_HOSTNAME"
cd "$root"
pivot_root . mnt
umount -l /mnt
mount --make-rshared / # a kubelet's mounts must reach the pods
cd /
# guard: the clock and the modules are the machine's, so no process of a host may ever hold these two capabilities
exec env -i container=kadm PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  setpriv --bounding-set=-sys_time,-sys_module /lib/systemd/systemd $legacy systemd.show_status=0
