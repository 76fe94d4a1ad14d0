/** Container images without a builder: an OCI layout (image-spec v1.1, image-layout.md) in a tar, with one layer that is a folder. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { mustRun } from './run-program.ts'

export interface ImageTar {
  /** Where to write it; its folder is also used for temporary files. */
  readonly file: string
  /** Name and tag, e.g. `registry.k8s.io/pause:3.10.2`. */
  readonly reference: string
  /** Folder that becomes the image's root. All files will belong to root. */
  readonly root: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
}

/** Writes the tar. The same folder content gives the same bytes and so the same digests. */
export async function writeImageTar({ file, reference, root, entrypoint, command }: ImageTar): Promise<void> {
  const work = await mkdtemp(path.join(path.dirname(file), '.image-'))
  try {
    const blobs = path.join(work, 'layout', 'blobs', 'sha256')
    await mkdir(blobs, { recursive: true })
    await mustRun(['tar', '-C', root, ...reproducible, '-cf', path.join(work, 'layer'), '.'], { timeout: 120_000 })
    const layer = await asBlob(path.join(work, 'layer'), blobs)
    const config = {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Entrypoint: entrypoint, Cmd: command },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config: { mediaType: `${oci}.config.v1+json`, ...(await jsonBlob(config, work, blobs)) },
      layers: [{ mediaType: `${oci}.layer.v1.tar`, ...layer }],
    }
    // containerd takes the image's name from the first annotation; the second is what the specification knows.
    const annotations = {
      'io.containerd.image.name': reference,
      'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
    }
    const index = {
      schemaVersion: 2,
      manifests: [{ mediaType: manifest.mediaType, ...(await jsonBlob(manifest, work, blobs)), annotations }],
    }
    await writeFile(path.join(work, 'layout', 'index.json'), JSON.stringify(index))
    await writeFile(path.join(work, 'layout', 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    const whole = path.join(work, 'image.tar')
    await mustRun(['tar', '-C', path.join(work, 'layout'), ...reproducible, '-cf', whole, 'oci-layout', 'index.json', 'blobs'], {
      timeout: 120_000,
    })
    await rename(whole, file)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const oci = 'application/vnd.oci.image'
const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'] as const

interface Blob {
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

async function jsonBlob(value: unknown, work: string, blobs: string): Promise<Blob> {
  const file = path.join(work, 'json')
  await writeFile(file, JSON.stringify(value))
  return asBlob(file, blobs)
}

async function asBlob(file: string, blobs: string): Promise<Blob> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk)
  const digest = hash.digest('hex')
  const { size } = await stat(file)
  await rename(file, path.join(blobs, digest))
  return { digest: `sha256:${digest}`, size }
}
