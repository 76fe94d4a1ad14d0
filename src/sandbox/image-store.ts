/**
 * containerd's own store with all images in it, made once: a host that gets it starts with its images there, in place of 10 s of importing.
 */
import { chmod, copyFile, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { contentHash, ensureEntry } from './cache.ts'
import { ensureHostImage } from './host-image.ts'
import { ensureImages } from './images.ts'
import type { Making } from './progress.ts'
import { mustRun } from './run-program.ts'
import { runWatched } from './watched-program.ts'

/**
 * Content of `/var/lib/containerd` that has all images of these Kubernetes versions (and `lab.test/busybox:1`) imported and unpacked.
 * `versions` usually holds one; a sandbox that will upgrade names both. One store for each set: making one takes about 5 s for a version,
 * and a sandbox of one version need not build the other. Errors as `ensureImages`; SANDBOX_FAILED.
 */
export async function ensureImageStore(versions: readonly [string, ...string[]], making: Making): Promise<string> {
  const wanted = [...new Set(versions)].sort()
  const host = await ensureHostImage(making)
  const images: Awaited<ReturnType<typeof ensureImages>>[] = []
  for (const version of wanted) images.push(await ensureImages(version, making))
  const hash = contentHash([path.basename(host.root), importScript, ...images.map((one) => one.hash)])
  const tars = images.flatMap((one) => one.tars)
  return ensureEntry(
    { kind: 'image-store', name: wanted.join('+'), hash, make: (into) => importAll(host.root, tars, into, making) },
    making,
  )
}

/**
 * Puts a store of `ensureImageStore` into a host that is not running, in place of what containerd had there: `hostVarLib` is the folder
 * that the host sees as `/var/lib`. Hard links where both lie on one file system (0.1 s), a copy elsewhere.
 *
 * Hosts share the bytes of blobs and snapshots, and that is safe: containerd writes a blob under `ingest/` and renames it, deletes by
 * unlink, and gives a container the snapshot's files as an overlay's lower folders, which the kernel copies up before it changes anything.
 * The databases are written in place and so are copied. A test writes to such files from containers and compares checksums.
 */
export async function placeImageStore(store: string, hostVarLib: string): Promise<void> {
  const target = path.join(hostVarLib, 'containerd')
  await mkdir(hostVarLib, { recursive: true })
  await rm(target, { recursive: true, force: true })
  const from = await lstat(store)
  const to = await lstat(hostVarLib)
  await mustRun(['cp', '--archive', ...(from.dev === to.dev ? ['--link'] : []), store, target])
  await chmod(target, 0o711)
  if (from.dev === to.dev) for (const database of databases) await unshare(path.join(target, database))
}

/** containerd's bolt databases, below its root. */
const databases = ['io.containerd.metadata.v1.bolt/meta.db', 'io.containerd.snapshotter.v1.overlayfs/metadata.db'] as const

async function unshare(file: string): Promise<void> {
  await copyFile(file, `${file}.own`)
  await rename(`${file}.own`, file)
}

/**
 * Runs in mount, network and pid namespaces of its own, changes root to the host image and runs its containerd on the store:
 * `/var/lib/containerd` must lie on a real file system, for an overlay cannot be laid on an overlay. The labels are those by which the CRI
 * knows an image as its own. Arguments: image root, store, folder of the tars, tars.
 */
const importScript = `set -eu
root=$1 store=$2 tars=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$store" "$root/var/lib/containerd"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mkdir "$root/run/tars"
mount --bind "$tars" "$root/run/tars"
printf 'version = 3\\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]\\n' >"$root/run/config.toml"
exec chroot "$root" sh -eu -c '
containerd --config /run/config.toml >/run/log 2>&1 & daemon=$!
tries=0
until ctr --connect-timeout 1s version >/dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || { cat /run/log; exit 1; }
  sleep 0.05
done
for tar do
  pinned=; case $tar in pause.tar) pinned=--label=io.cri-containerd.pinned=pinned;; esac
  ctr --namespace k8s.io images import --local --snapshotter overlayfs --label io.cri-containerd.image=managed $pinned "/run/tars/$tar" || { tail -5 /run/log; exit 1; }
done
kill $daemon; wait $daemon || true
' sh "$@"`

async function importAll(root: string, tars: readonly string[], into: string, { say, signal }: Making): Promise<void> {
  // The script takes one folder of tars; two versions have two folders with the same names in them.
  for (const folder of new Set(tars.map((tar) => path.dirname(tar)))) {
    const names = tars.filter((tar) => path.dirname(tar) === folder).map((tar) => path.basename(tar))
    say(`unpacking ${names.length} images of ${path.basename(folder).replace(/-[^-]*$/, '')}`)
    const unshared = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child'] as const
    await runWatched([...unshared, 'sh', '-c', importScript, 'sh', root, into, folder, ...names], {
      signal,
      remedy: ['kadm sandbox up', 'df -h   # is the disk full?'],
    })
  }
  // A running containerd's, of no use in another host.
  for (const name of await readdir(into))
    if (name.startsWith('tmpmounts') || name.startsWith('io.containerd.grpc') || name === 'lost+found')
      await rm(path.join(into, name), { recursive: true, force: true })
}
