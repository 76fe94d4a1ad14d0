/** What a sandbox is made of, out of the cache; made first where it is not there yet. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { ensureComponents } from './components.ts'
import { ensureHostImage } from './host-image.ts'
import { ensureImageStore } from './image-store.ts'
import { ensureKadmExecutable, type KadmExecutable } from './kadm-executable.ts'
import type { Making } from './progress.ts'

export interface Pieces {
  /** Root folder of the hosts' Debian. */
  readonly image: string
  /** Folder of kubeadm, kubelet, kubectl; absent: hosts without Kubernetes. */
  readonly bin?: string
  /** Content of /var/lib/containerd with the images. */
  readonly store?: string
  readonly kadm?: KadmExecutable
  /** kadm's project folder, instead of an executable. */
  readonly source?: string
}

export interface PiecesWanted extends Making {
  readonly kubernetesVersion?: string
  readonly furtherVersions?: readonly string[]
  readonly source?: string
}

export async function collectPieces(wanted: PiecesWanted): Promise<Pieces> {
  const { kubernetesVersion, furtherVersions = [] } = wanted
  const source = wanted.source ?? process.env['KADM_SOURCE']
  if (source !== undefined && !existsSync(path.join(source, 'bin/kadm.js'))) {
    throw new KadmError('USAGE', `"${source}" is not a project folder of kadm: it has no bin/kadm.js`, { remedy: ['unset KADM_SOURCE'] })
  }
  const { root: image } = await ensureHostImage(wanted)
  const kadm = source === undefined ? { kadm: await ensureKadmExecutable(wanted) } : { source: path.resolve(source) }
  if (kubernetesVersion === undefined) return { image, ...kadm }
  const { bin } = await ensureComponents(kubernetesVersion, wanted)
  const store = await ensureImageStore([kubernetesVersion, ...furtherVersions], wanted)
  return { image, bin, store, ...kadm }
}
