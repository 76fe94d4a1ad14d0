/** Of a rehearsal: what the upgrade will miss on this host. */
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { controlPlaneImages } from '../../manifests/images.ts'
import { certificateExpirations, type CertificateExpiration } from '../../pki/expiration.ts'
import type { Finding, RehearsalOptions } from './finding.ts'

type Options = Pick<RehearsalOptions, 'host' | 'config'>

export async function imageFindings({ host, config }: Options): Promise<readonly Finding[]> {
  const runtime = host.containerRuntime(config.init.nodeRegistration.criSocket)
  const images = controlPlaneImages(config.cluster)
  const there = await Promise.all(images.map((image) => runtime.hasImage(image)))
  return images
    .filter((_, index) => there[index] === false)
    .map((image) => ({
      code: 'IMAGE_MISSING',
      severity: 'hurts',
      what: image,
      why: 'it is not on this host: the upgrade pulls it before it changes anything, and stops when that fails',
      remedy: `kadm config images pull --kubernetes-version ${config.cluster.kubernetesVersion}`,
    }))
}

const MiB = 1024 * 1024

/** For what is not counted one by one: manifests, certificates, logs. */
const spare = 100 * MiB

/** The kubelet's own default thresholds: below them it evicts Pods. Source: nodefs.available<10%. */
const leastFree = 0.1

/** The backup holds a snapshot of etcd, and bringing it back needs as much beside the data. */
export async function diskFindings({ host, config }: Options): Promise<readonly Finding[]> {
  const { etcd } = config.cluster
  const data = etcd.kind === 'local' ? etcd.dataDir : undefined
  const size = data === undefined ? 0 : ((await host.stat(`${data}/member/snap/db`))?.size ?? 0)
  const needs = [
    { directory: paths.kubernetes, bytes: size + spare, why: 'the backup with the snapshot of etcd goes there' },
    ...(data === undefined
      ? []
      : [{ directory: data, bytes: size + spare, why: 'a snapshot that is brought back needs its size beside the data' }]),
  ]
  const found = needs.map(async ({ directory, bytes, why }): Promise<readonly Finding[]> => {
    const { free } = await fileSystem(host, directory)
    if (free >= bytes) return []
    return [
      {
        code: 'DISK_SPACE',
        severity: 'blocks',
        what: directory,
        why: `${mebibytes(free)} are free and ${mebibytes(bytes)} are needed: ${why}`,
        remedy: `df -h ${directory}`,
      },
    ]
  })
  const [kubelet, ...tooLittle] = await Promise.all([fileSystem(host, paths.kubelet), ...found])
  const low = kubelet.free / kubelet.size < leastFree
  const why = `${mebibytes(kubelet.free)} of ${mebibytes(kubelet.size)} are free: below a tenth the kubelet evicts Pods`
  return [
    ...tooLittle.flat(),
    ...(low ? [{ code: 'DISK_SPACE', severity: 'hurts', what: paths.kubelet, why, remedy: `df -h ${paths.kubelet}` } as const] : []),
  ]
}

async function fileSystem(host: Host, directory: string): Promise<{ readonly size: number; readonly free: number }> {
  const { exitCode, stdout, stderr } = await host.query(['df', '-P', '-k', directory])
  const [, size, , free] = (stdout.trim().split('\n').at(-1) ?? '').split(/\s+/)
  if (exitCode === 0 && size !== undefined && free !== undefined) return { size: Number(size) * 1024, free: Number(free) * 1024 }
  throw new KadmError('COMMAND_FAILED', `"df -P -k ${directory}" exited with ${exitCode}: ${stderr.trim()}`, {
    remedy: [`df -P -k ${directory}`],
  })
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MiB)} MiB`
}

const day = 86_400_000

/** Those of components are renewed by the upgrade; a CA is not. */
export async function certificateFindings({ host, config }: Options): Promise<readonly Finding[]> {
  const { certificates, authorities } = await certificateExpirations({ config, host })
  const now = host.now()
  return [
    ...certificates.flatMap((row) => endingSoon(row, now, 30, 'kadm certs renew all')),
    ...authorities.flatMap((row) => endingSoon(row, now, 180, 'a CA is not renewed by an upgrade: plan its replacement')),
  ]
}

function endingSoon(row: CertificateExpiration, now: Date, days: number, remedy: string): readonly Finding[] {
  if (row.kind === 'missing') return []
  const left = Math.floor((row.certificate.validToDate.getTime() - now.getTime()) / day)
  if (left >= days) return []
  const ended = left < 0
  return [
    {
      code: 'CERTIFICATE_ENDS',
      severity: ended ? 'blocks' : 'hurts',
      what: `certificate ${row.name}`,
      why: ended ? 'it has ended' : `it ends in ${left} days`,
      remedy,
    },
  ]
}
