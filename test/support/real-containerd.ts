/**
 * A containerd of its own: in namespaces of its own, on the system image that the sandbox keeps in its cache, with all its state in
 * a temporary folder.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished, type TestContext } from 'vitest'
import { newestKubernetes } from '../../src/config/own-version.ts'
import { cacheDirectory } from '../../src/sandbox/cache.ts'
import { hostImage } from './host-image.ts'
import { temporaryDirectory } from './temporary.ts'

export interface RealContainerd {
  /** `unix://...`, reachable from outside. */
  readonly endpoint: string
  /** A folder with the same path inside and outside. */
  readonly shared: string
  readonly pauseImage: string
  /** For the pods: a cgroup that is removed with the containerd. */
  readonly cgroupParent: string
}

/**
 * Starts it and waits until it has the pause and busybox images. It ends with the test. Skips the test with a reason when the
 * sandbox was never built; fails in CI.
 */
export async function realContainerd(context: TestContext, options: { readonly config?: string } = {}): Promise<RealContainerd> {
  const tars = path.join(cacheDirectory(), 'images', newestKubernetes)
  const image = hostImage(context, ['usr/bin/containerd', `${tars}/pause.tar`, `${tars}/busybox.tar`])
  const work = await temporaryDirectory()
  const shared = path.join(work, 'shared')
  for (const name of ['upper', 'work', 'root', 'shared']) await mkdir(path.join(work, name))
  const index: unknown = JSON.parse(execFileSync('tar', ['xOf', `${tars}/pause.tar`, 'index.json'], { encoding: 'utf8' }))
  const pauseImage = /"io\.containerd\.image\.name":"([^"]+)"/.exec(JSON.stringify(index))?.[1] ?? ''
  await writeFile(path.join(shared, 'config.toml'), configuration(shared, pauseImage, options.config ?? ''))
  const inner = ['bash', '-c', script, 'containerd', work, image, tars]
  const child = spawn('unshare', ['--mount', '--pid', '--net', '--cgroup', '--fork', '--kill-child', ...inner], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    await removeCgroups(path.basename(work))
  })
  for (let left = 200; (await stat(path.join(shared, 'ready')).catch(() => undefined)) === undefined; left--) {
    if (left === 0 || child.exitCode !== null) throw new Error(`containerd did not start: ${log.slice(-2000)}`)
    await sleep(100)
  }
  return { endpoint: `unix://${shared}/containerd.sock`, shared, pauseImage, cgroupParent: `/${path.basename(work)}` }
}

/** In a cgroup namespace, its root is the cgroup of this process. Pods are stopped by the test; what is left here is empty. */
async function removeCgroups(name: string): Promise<void> {
  const own = await readFile('/proc/self/cgroup', 'utf8')
  const roots = new Set(own.split('\n').map((line) => line.split(':')[2] ?? '/'))
  for (const kind of await readdir('/sys/fs/cgroup')) {
    for (const root of roots) await rmdir(path.join('/sys/fs/cgroup', kind, root, name)).catch(() => undefined)
  }
  for (const root of roots) await rmdir(path.join('/sys/fs/cgroup', root, name)).catch(() => undefined)
}

function configuration(shared: string, pauseImage: string, more: string): string {
  return `version = 3
root = '${shared}/root'
state = '${shared}/state'
${more}
[grpc]
address = '${shared}/containerd.sock'
[plugins.'io.containerd.cri.v1.images']
snapshotter = 'native'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '${pauseImage}'
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
`
}

const script = `set -eu
work=$1; image=$2; tars=$3; root=$work/root
cgroup=$(stat -f -c %T /sys/fs/cgroup)
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$image,upperdir=$work/upper,workdir=$work/work" "$root"
mkdir -p "$root$work/shared" "$root/tars"
mount --bind "$work/shared" "$root$work/shared"
for dir in root state; do mkdir "$root$work/shared/$dir"; mount -t tmpfs tmpfs "$root$work/shared/$dir"; done
mount --bind "$tars" "$root/tars"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
if [ "$cgroup" = cgroup2fs ]; then mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
  for kind in cpu cpuacct cpuset memory devices freezer blkio pids; do mkdir "$root/sys/fs/cgroup/$kind"; mount -t cgroup -o "$kind" cgroup "$root/sys/fs/cgroup/$kind"; done
fi
mount -t tmpfs tmpfs "$root/run"
rm -f "$root/etc/resolv.conf"; touch "$root/etc/resolv.conf"
ctr() { chroot "$root" ctr --address "$work/shared/containerd.sock" --namespace k8s.io images import "/tars/$1.tar" >&2; }
( until [ -S "$work/shared/containerd.sock" ]; do sleep 0.05; done; ctr pause; ctr busybox; touch "$work/shared/ready" ) &
exec chroot "$root" containerd --config "$work/shared/config.toml"`
