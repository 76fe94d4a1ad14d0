#!/bin/sh
# Many bare machines with an sshd each, to be looked at over ssh: own network, tree, processes, name, machine id and host key, a kubelet in PATH, no init.
# All of it is in namespaces whose first process this is, on a tmpfs that only they see: when it dies, for whatever reason, nothing is left.
# argv: the hosts' image, folder of the kubelet, number of hosts. Ends when its input does. The operator's files are in /mnt/operator.
# Prints its pid as the machine sees it, a line `h1 192.168.1.0 SHA256:...` for each host, and `up`.
set -eu
base=/mnt

if [ "$1" = host ]; then # in the namespaces of the host itself
  host=$2 dir=$base/$2 root=$base/$2/root
  mount -t overlay overlay -o "lowerdir=$base/common:$3,upperdir=$dir/upper,workdir=$dir/work" "$root"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 tmpfs "$root/sys" # product_uuid is all that anybody asks it
  mkdir -p "$root/sys/class/dmi/id"
  cat /proc/sys/kernel/random/uuid >"$root/sys/class/dmi/id/product_uuid"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for node in null zero random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mkdir "$root/run/sshd"
  hostname "$host"
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
  cd /
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin setpriv --bounding-set=-sys_time,-sys_module,-mknod \
    /usr/sbin/sshd -D -o PidFile=/var/ready -o LogLevel=QUIET </dev/null >/dev/null 2>&1
fi

image=$1 kubelet=$2 count=$3
read -r pid _ </proc/self/stat # the machine's /proc still
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir -p /run/netns "$base/operator" "$base/common/root/.ssh" "$base/common/usr/bin"
mount -t tmpfs -o mode=755 tmpfs /run/netns
mount -t proc proc /proc
echo "$pid"

cp "$kubelet/kubelet" "$base/common/usr/bin/kubelet" # one file in memory for all hosts
chmod 700 "$base/common/root/.ssh"
ssh-keygen -q -t ed25519 -N '' -C operator -f "$base/operator/id"
cp "$base/operator/id.pub" "$base/common/root/.ssh/authorized_keys"

ip -batch - <<'END'
link set lo up
link add br0 type bridge
link set br0 up
address add 192.168.0.1/16 dev br0
END
n=0
while [ $n -lt "$count" ]; do
  n=$((n + 1))
  echo "netns add h$n"
  echo "link add port$n type veth peer name eth0 netns h$n"
  echo "link set port$n master br0 up"
done | ip -batch -
n=0
while [ $n -lt "$count" ]; do
  n=$((n + 1))
  dir=$base/h$n address=192.168.$((1 + n / 256)).$((n % 256))
  mkdir -p "$dir/work" "$dir/root" "$dir/upper/etc/ssh" "$dir/upper/var"
  ssh-keygen -q -t ed25519 -N '' -C "h$n" -f "$dir/upper/etc/ssh/ssh_host_ed25519_key"
  read -r uuid </proc/sys/kernel/random/uuid
  echo "$uuid" | tr -d - >"$dir/upper/etc/machine-id"
  echo "h$n" >"$dir/upper/etc/hostname"
  ip -n "h$n" -batch - <<END
link set lo up
address add $address/16 dev eth0
link set eth0 up
route add default via 192.168.0.1
END
  nsenter --net="/run/netns/h$n" unshare --mount --uts --ipc --pid --fork --kill-child sh "$0" host "h$n" "$image" </dev/null &
  echo "h$n $address $(ssh-keygen -lf "$dir/upper/etc/ssh/ssh_host_ed25519_key.pub" | cut -d ' ' -f 2)"
done
n=0
while [ $n -lt "$count" ]; do
  n=$((n + 1))
  until [ -e "$base/h$n/upper/var/ready" ]; do sleep 0.02; done
done
echo up
cat >/dev/null
