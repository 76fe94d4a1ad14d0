/** The images that kubeadm asks for, made of the programs that were built and, for kube-proxy, of the host image's nft and iptables. */
import { chmod, copyFile, cp, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { contentHash, ensureEntry } from './cache.ts'
import { ensureComponents } from './components.ts'
import { ensureHostImage } from './host-image.ts'
import { writeImageTar } from './image-tar.ts'
import type { Making } from './progress.ts'
import { imagesOf, releaseOf } from './releases.ts'
import { mustRun, runProgram } from './run-program.ts'

export interface Images {
  /** Image tars, to be imported with `ctr --namespace k8s.io images import`. */
  readonly tars: readonly string[]
  /** Changes when any of them does. */
  readonly hash: string
}

/** A small image with a shell for test pods. */
export const busyboxImage = 'lab.test/busybox:1'

/**
 * All images of a Kubernetes version under kubeadm's names, and `lab.test/busybox:1`; made when they are not in the cache. Errors as
 * `ensureComponents`, `ensureHostImage`.
 */
export async function ensureImages(version: string, making: Making): Promise<Images> {
  const references = imagesOf(releaseOf(version))
  const host = await ensureHostImage(making)
  const { bin } = await ensureComponents(version, making)
  // The folders of both name their content. The last part is the recipe of this file.
  const hash = contentHash([path.basename(path.dirname(bin)), path.basename(host.root), JSON.stringify(references), '2'])
  const make = async (into: string): Promise<void> => {
    for (const [name, reference] of Object.entries(references)) {
      making.say(`making image ${reference}`)
      making.signal?.throwIfAborted()
      await makeImage(into, `${name}.tar`, reference, (root) => fill(name, root, bin, host.root), {
        entrypoint: [`/usr/local/bin/${name}`],
      })
    }
    await makeImage(into, 'busybox.tar', busyboxImage, (root) => fillBusybox(root, host.root), { command: ['/bin/sh'] })
  }
  const folder = await ensureEntry({ kind: 'images', name: version, hash, make }, making)
  return { hash, tars: [...Object.keys(references), 'busybox'].map((name) => path.join(folder, `${name}.tar`)) }
}

async function makeImage(
  into: string,
  name: string,
  reference: string,
  fillRoot: (root: string) => Promise<void>,
  start: { readonly entrypoint?: readonly string[]; readonly command?: readonly string[] },
): Promise<void> {
  const root = await mkdtemp(path.join(into, '.root-'))
  try {
    await chmod(root, 0o755)
    await fillRoot(root)
    await writeImageTar({ file: path.join(into, name), reference, root, ...start })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function fill(name: string, root: string, bin: string, hostRoot: string): Promise<void> {
  const programs = name === 'etcd' ? ['etcd', 'etcdctl', 'etcdutl'] : [name]
  const target = path.join(root, 'usr/local/bin')
  await mkdir(target, { recursive: true })
  for (const program of programs) await link(path.join(bin, program), path.join(target, program))
  if (name === 'kube-proxy') await addNetworkTools(root, hostRoot)
}

/** kube-proxy runs `nft` or `iptables` and `conntrack`: those of the host image, with the libraries that its own loader finds for them. */
async function addNetworkTools(root: string, hostRoot: string): Promise<void> {
  for (const folder of ['usr/sbin', 'usr/bin', 'usr/lib', 'usr/lib64', 'run', 'etc'])
    await mkdir(path.join(root, folder), { recursive: true })
  await mkdir(path.join(root, 'tmp'))
  for (const name of ['sbin', 'bin', 'lib', 'lib64']) await symlink(`usr/${name}`, path.join(root, name))
  const xtables = (await mustRun(['chroot', hostRoot, 'sh', '-c', 'ls -d /usr/lib/*/xtables'])).trim()
  const modules = (await mustRun(['chroot', hostRoot, 'find', xtables, '-name', '*.so'])).trim().split('\n')
  const tools = ['/usr/sbin/xtables-nft-multi', '/usr/sbin/nft', '/usr/sbin/conntrack']
  for (const library of await librariesOf([...tools, ...modules], hostRoot)) await copyInto(root, hostRoot, library)
  for (const tool of tools) await copyInto(root, hostRoot, tool)
  await cp(path.join(hostRoot, xtables), path.join(root, xtables), { recursive: true, verbatimSymlinks: true }) // else links would point into this machine
  for (const family of ['iptables', 'ip6tables']) {
    for (const suffix of ['', '-save', '-restore']) await symlink('xtables-nft-multi', path.join(root, 'usr/sbin', family + suffix))
  }
}

async function librariesOf(files: readonly string[], hostRoot: string): Promise<ReadonlySet<string>> {
  const { stdout } = await runProgram(['chroot', hostRoot, 'ldd', ...files])
  return new Set([...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, library = '']) => library))
}

async function copyInto(root: string, hostRoot: string, file: string): Promise<void> {
  await mkdir(path.join(root, path.dirname(file)), { recursive: true })
  await copyFile(path.join(hostRoot, file), path.join(root, file)) // follows links
}

async function fillBusybox(root: string, hostRoot: string): Promise<void> {
  for (const folder of ['bin', 'etc', 'tmp']) await mkdir(path.join(root, folder))
  await copyFile(path.join(hostRoot, 'bin/busybox'), path.join(root, 'bin/busybox'))
  const applets = (await mustRun(['chroot', hostRoot, '/bin/busybox', '--list'])).trim().split('\n')
  for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', path.join(root, 'bin', applet))
  await writeFile(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
  await writeFile(path.join(root, 'etc/group'), 'root:x:0:\n')
}
