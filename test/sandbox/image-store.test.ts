import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { expect, onTestFinished, test } from 'vitest'
import { criRuntime } from '../../src/host/cri/cri-runtime.ts'
import { dialLocally } from '../../src/host/dial.ts'
import { cacheDirectory } from '../../src/sandbox/cache.ts'
import { ensureHostImage } from '../../src/sandbox/host-image.ts'
import { ensureImageStore, placeImageStore } from '../../src/sandbox/image-store.ts'
import { busyboxImage } from '../../src/sandbox/images.ts'
import { imagesOf, releaseOf } from '../../src/sandbox/releases.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const version = 'v1.37.2'
const making = { say: () => undefined }

test('a host finds all images in its store, and nothing that its containers do reaches another host', async (context) => {
  const store = await builtStore(context)
  const { root } = await ensureHostImage(making)
  const hosts = await temporaryDirectory()
  const before = await checksums(store)
  const started = performance.now()
  for (const host of ['one', 'two']) await placeImageStore(store, path.join(hosts, host))
  expect((performance.now() - started) / 2).toBeLessThan(2000)

  const one = await startContainerd(root, path.join(hosts, 'one'))
  const references = [...Object.values(imagesOf(releaseOf(version))), busyboxImage]
  const runtime = criRuntime(`unix://${one.socket}`, { query: () => Promise.reject(new Error('no logs are asked for')), dial: dialLocally })
  await expect
    .poll(
      () =>
        runtime.version().then(
          ({ name }) => name,
          () => '',
        ),
      { timeout: 20_000 },
    )
    .toBe('containerd')
  for (const reference of references) await expect.poll(() => runtime.hasImage(reference), { message: reference, timeout: 5000 }).toBe(true)
  expect(await runtime.hasImage('registry.k8s.io/kube-apiserver:v1.0.0')).toBe(false)
  await runtime.close()

  // A container's root is laid over the shared files: changed in each way that a process could, at the very paths that are shared.
  const said = one.shell(`
    parent=$(ctr -n k8s.io snapshots ls | grep Committed | head -1 | cut -d' ' -f1)
    [ $(ctr -n k8s.io snapshots ls | grep -c Committed) -ge 8 ]
    for parent in $(ctr -n k8s.io snapshots ls | grep Committed | cut -d' ' -f1); do
      mkdir -p /run/root
      ctr -n k8s.io snapshots prepare "w-$parent" "$parent"
      ctr -n k8s.io snapshots mounts /run/root "w-$parent" | sh -e
      for file in $(find /run/root -xdev -type f | head -5); do
        echo changed >>"$file"; chmod 700 "$file"; chown 12:12 "$file"; truncate -s 5 "$file"; ln "$file" "$file.link"
      done
      find /run/root -xdev -type f | tail -1 | xargs rm -f
      umount /run/root
      echo "wrote over $parent"
    done
    ctr -n k8s.io images rm --sync ${busyboxImage} registry.k8s.io/pause:3.10.2`)
  expect(said.match(/wrote over/g)).toHaveLength(references.length)
  await one.stop()

  expect(await checksums(store)).toEqual(before)
  expect(await checksums(path.join(hosts, 'two', 'containerd'))).toEqual(before)
  // The writes did happen: in the one host's own layers.
  const owned = [...(await checksums(path.join(hosts, 'one', 'containerd'))).values()].filter((sum) => sum.includes(' 12:12 '))
  expect(owned.length).toBeGreaterThanOrEqual(references.length)
})

test('hosts share blobs by hard links but each has databases of its own', async (context) => {
  const store = await builtStore(context)
  const host = await temporaryDirectory()
  await placeImageStore(store, host)
  const inode = async (folder: string, file: string): Promise<number> => (await stat(path.join(folder, file))).ino
  for (const file of (await checksums(store)).keys()) {
    const same = (await inode(store, file)) === (await inode(path.join(host, 'containerd'), file))
    expect([file, same]).toEqual([file, !file.endsWith('.db')])
  }
})

async function builtStore(context: TestContext): Promise<string> {
  const link = path.join(cacheDirectory(), 'image-store', version)
  const built = await access(link).then(
    () => true,
    () => false,
  )
  if (!built && process.env['CI'] !== 'true') context.skip('the image store is not built (npm run test:all builds it)')
  if (process.getuid?.() !== 0) context.skip('needs root')
  return ensureImageStore([version], making)
}

/** SHA-256, owner and mode of each file by its path. */
async function checksums(folder: string): Promise<ReadonlyMap<string, string>> {
  const sums = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk)
    const { uid, gid, mode } = await stat(file)
    sums.set(path.relative(folder, file), `${hash.digest('hex')} ${uid}:${gid} ${mode.toString(8)}`)
  }
  return sums
}

interface RunningContainerd {
  readonly socket: string
  shell(script: string): string
  stop(): Promise<void>
}

/** containerd of the host image with its own configuration, on a host's `/var/lib`, in namespaces of its own. */
async function startContainerd(root: string, varLib: string): Promise<RunningContainerd> {
  const work = await temporaryDirectory()
  await mkdir(path.join(work, 'containerd'))
  const script = `set -e
mount --make-rprivate /
mount --bind "$1" "$1"; mount --bind "$2/containerd" "$1/var/lib/containerd"
mount -t proc proc "$1/proc"; mount -t sysfs sysfs "$1/sys"; mount -t tmpfs tmpfs "$1/run"; mount -t tmpfs tmpfs "$1/tmp"; mount -t tmpfs tmpfs "$1/dev"
mknod -m 666 "$1/dev/null" c 1 3
mkdir "$1/run/containerd"; mount --bind "$3/containerd" "$1/run/containerd"
exec chroot "$1" containerd`
  const child = spawn('unshare', ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', root, varLib, work], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    execFileSync('kill', ['-TERM', inner()])
    await ended
  }
  const inner = (): string => execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).trim()
  onTestFinished(stop)
  const socket = path.join(work, 'containerd', 'containerd.sock')
  await expect
    .poll(
      () =>
        access(socket).then(
          () => 'up',
          () => log,
        ),
      { timeout: 20_000 },
    )
    .toBe('up')
  const shell = (text: string): string =>
    execFileSync('nsenter', ['-t', inner(), '--mount', '--pid', '--net', '--root', '--wd=/', 'sh', '-ec', text], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return { socket, shell, stop }
}
