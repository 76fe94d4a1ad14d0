/**
 * The manifests of etcd and of the API server under names that a kubelet passes over. Once the data of etcd goes, a kubelet that is started
 * (by a reboot, after a reset that was cut off) would bring up an empty cluster with the real CA. They stay in their folder until the end,
 * for they tell what the host was.
 */
import path from 'node:path/posix'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'

const manifests: readonly string[] = (['etcd', 'kube-apiserver'] as const).map(staticPodPath)

/** With a leading dot: no kubelet reads such a file. */
function asideOf(file: string): string {
  const { dir, base } = path.parse(file)
  return `${dir}/.${base}`
}

/** When it returns they are so on the disk, too. What is no file is not theirs. */
export async function putManifestsAside(host: Pick<Host, 'stat' | 'run'>): Promise<void> {
  let isMoved = false
  for (const file of manifests) {
    const kind = (await host.stat(file))?.kind
    if (kind !== 'file' && kind !== 'link') continue
    await host.run(['mv', '-fT', file, asideOf(file)])
    isMoved = true
  }
  if (isMoved) await host.run(['sync', paths.manifests])
}

/** For who looks at what the host was: a manifest that was put aside is read in place of the one that is gone. */
export function readingAside(host: Pick<Host, 'readText'>): Pick<Host, 'readText'> {
  return { readText: async (file) => (await host.readText(file)) ?? (await host.readText(asideOf(file))) }
}

/** An earlier reset or undo has got that far: its host had left etcd by then. */
export async function areManifestsAside(host: Pick<Host, 'stat'>): Promise<boolean> {
  const [etcd] = manifests
  if (etcd !== undefined && (await host.stat(etcd)) !== undefined) return false
  return (await Promise.all(manifests.map((file) => placeOf(host, file)))).some((place, index) => place !== manifests[index])
}

/** Where the file lies, if it is one that may have been put aside. */
export async function placeOf(host: Pick<Host, 'stat'>, file: string): Promise<string> {
  const isAside = manifests.includes(file) && (await host.stat(file)) === undefined && (await host.stat(asideOf(file))) !== undefined
  return isAside ? asideOf(file) : file
}
