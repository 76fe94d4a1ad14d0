/** The Debian that every host of a sandbox starts from. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { debianMirror } from './debian-mirror.ts'
import { contentHash, ensureEntry } from './cache.ts'
import { hostFiles, maskedUnits } from './host-image-files.ts'
import { ensurePieces } from './missing-pieces.ts'
import type { Making } from './progress.ts'
import { mustRun } from './run-program.ts'
import { runWatched } from './watched-program.ts'

export interface HostImage {
  /**
   * Root folder of a Debian 13, read-only for all others: the lower folder of each host's overlay. It has no ssh keys and no machine id.
   */
  readonly root: string
}

/**
 * The system that every host of a sandbox starts from, made by mmdebstrap when it is not in the cache (half a minute). Errors:
 * SANDBOX_MISSING_PIECE, SANDBOX_FAILED.
 */
export async function ensureHostImage(making: Making): Promise<HostImage> {
  await ensurePieces(making)
  const hash = contentHash([process.arch, JSON.stringify([packages, pins, maskedUnits, hostFiles, tidy])])
  const make = (into: string): Promise<void> => makeImage(into, making)
  return { root: await ensureEntry({ kind: 'host-image', name: 'debian-13', hash, make }, making) }
}

/** What runs a node, as its administrator would have installed it, and what one looks into it with. */
const packages = [
  'systemd systemd-sysv dbus openssh-server sudo ca-certificates kmod procps less curl busybox-static',
  'iproute2 iputils-ping iptables nftables ethtool conntrack socat haproxy openssl',
  'containerd runc containernetworking-plugins etcd-server etcd-client',
].flatMap((line) => line.split(' '))

/**
 * Debian 13's systemd 257 is the last that runs on cgroup v1 too; its containerd 1.7 is too old for kubeadm's choice of the cgroup driver
 * (RuntimeConfig of the CRI). So containerd, runc and etcd come from the next Debian, and run on 13's libc.
 */
const pins = `Explanation: what is not named below stays with Debian 13
Package: *
Pin: release n=forky
Pin-Priority: 100

Package: containerd runc containernetworking-plugins etcd-server etcd-client
Pin: release n=forky
Pin-Priority: 990
`

/**
 * Run inside, last: what must differ between hosts, what only takes room, a root without a password, CNI programs where the kubelet's side
 * looks.
 */
const tidy = `set -e
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/resolv.conf /etc/hostname
rm -rf /var/cache/apt/*.bin /var/lib/apt/lists/* /var/log/*.log /var/lib/containerd
passwd -d root >/dev/null
install -d -m 700 /root/.ssh
install -d /var/lib/containerd /etc/cni/net.d /opt/cni
ln -s /usr/lib/cni /opt/cni/bin
cd /etc/systemd/system
rm -f multi-user.target.wants/etcd.service etcd2.service multi-user.target.wants/haproxy.service
for unit in ${maskedUnits.join(' ')}; do ln -sf /dev/null $unit; done
ln -sf /usr/lib/systemd/system/multi-user.target default.target
ln -sf /usr/lib/systemd/system/kubelet.service multi-user.target.wants/kubelet.service
`

async function makeImage(into: string, making: Making): Promise<void> {
  const started = Date.now()
  const say = (what: string): void =>
    making.say(`making the hosts' system (Debian 13): ${what}, ${Math.round((Date.now() - started) / 1000)} s of about 30`)
  say('fetching packages')
  // apt reads only names without a dot, or with .pref: of any other it says nothing and does nothing.
  const pinFile = path.join(path.dirname(into), `pins-${process.pid}`)
  await writeFile(pinFile, pins)
  const mirror = await debianMirror()
  const timer = setInterval(() => say('installing packages'), 5000)
  try {
    const options = [
      '--variant=minbase',
      // A frozen mirror's lists are past their date by nature.
      '--aptopt=Acquire::Check-Valid-Until "false"',
      `--setup-hook=mkdir -p "$1/etc/apt/preferences.d"`,
      `--setup-hook=copy-in ${pinFile} /etc/apt/preferences.d`,
      `--include=${packages.join(',')}`,
    ]
    await runWatched(['mmdebstrap', ...options, 'trixie', into, `deb ${mirror} trixie main`, `deb ${mirror} forky main`], {
      signal: making.signal,
      remedy: [`curl -I ${mirror}/dists/trixie/Release`, 'export KADM_DEBIAN_MIRROR=URL   # of a Debian mirror that this machine reaches'],
    })
  } finally {
    clearInterval(timer)
    await mustRun(['rm', '-f', pinFile])
  }
  for (const [file, content] of Object.entries(hostFiles)) {
    await mkdir(path.join(into, path.dirname(file)), { recursive: true })
    await writeFile(path.join(into, file), content)
  }
  await mustRun(['chroot', into, 'sh', '-c', tidy])
}
