/** Of a rehearsal: what the upgrade will miss on this host. */
import { kinds } from '../../cluster/kinds.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { controlPlaneImages } from '../../manifests/images.ts'
import { certificateExpirations, type CertificateExpiration } from '../../pki/expiration.ts'
import { backupRoom, existing, fileSystemAt, mebibytes, type FileSystem } from './backup-room.ts'
import { planStaticPods } from './static-pod-plan.ts'
import type { Finding, RehearsalOptions } from './finding.ts'

export async function imageFindings({ host, config }: Pick<RehearsalOptions, 'host' | 'config'>): Promise<readonly Finding[]> {
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

/** The kubelet's own default thresholds: below them it evicts Pods. Source: nodefs.available<10%. */
const leastFree = 0.1

/** KiB, for what is not counted one by one: manifests, certificates, kubeconfig files and their copies. */
const spare = 16 * 1024

/** What the upgrade asks for itself; and a sole member's data that is brought back needs as much beside what is there. */
export async function diskFindings(options: Pick<RehearsalOptions, 'host' | 'config' | 'cluster'>): Promise<readonly Finding[]> {
  const { host } = options
  const [kubelet, tooLittle] = await Promise.all([fileSystem(host, paths.kubelet), backupFindings(options)])
  const low = kubelet.free / kubelet.size < leastFree
  const why = `${mebibytes(kubelet.free)} of ${mebibytes(kubelet.size)} are free: below a tenth the kubelet evicts Pods`
  return [
    ...tooLittle,
    ...(low ? [{ code: 'DISK_SPACE', severity: 'hurts', what: paths.kubelet, why, remedy: `df -h ${paths.kubelet}` } as const] : []),
  ]
}

async function backupFindings({
  host,
  config,
  cluster,
}: Pick<RehearsalOptions, 'host' | 'config' | 'cluster'>): Promise<readonly Finding[]> {
  const { etcd } = config.cluster
  const folder = await existing(host, paths.temporary)
  if (etcd.kind === 'external' || !(await changesEtcd({ host, config })))
    return lacking(folder, (await fileSystem(host, folder)).free, spare, 'copies of what is changed go there')
  const { dataDir } = etcd
  const beside = await fileSystem(host, dataDir)
  const members = await cluster.list({ ...kinds.pod, namespace: 'kube-system' }, { labelSelector: 'component=etcd,tier=control-plane' })
  const isSoleMember = members.length <= 1
  const { data, needed, available } = await backupRoom(host, { dataDir, isSoleMember, backup: paths.temporary, replaced: [] })
  const goesThere = isSoleMember ? "a snapshot and a copy of etcd's data go there" : 'a snapshot of etcd goes there'
  return [
    ...lacking(folder, available, needed + spare, goesThere),
    ...(isSoleMember ? lacking(dataDir, beside.free, data, 'data that is brought back needs its size beside what is there') : []),
  ]
}

/** Where etcd's static Pod stays as it is no snapshot is taken. */
async function changesEtcd({ host, config }: Pick<RehearsalOptions, 'host' | 'config'>): Promise<boolean> {
  const say = (): void => {}
  const planned = await planStaticPods({ config, host, etcdUpgrade: true, kept: new Map(), say, warn: say })
  return planned.some(({ component, state }) => component === 'etcd' && state === 'changes')
}

/** @param free and `wanted`: KiB */
function lacking(directory: string, free: number, wanted: number, why: string): readonly Finding[] {
  if (!(free < wanted)) return []
  return [
    {
      code: 'DISK_SPACE',
      severity: 'blocks',
      what: directory,
      why: `${mebibytes(free)} are free and ${mebibytes(wanted)} are needed: ${why}`,
      remedy: `df -h ${directory}`,
    },
  ]
}

async function fileSystem(host: Host, directory: string): Promise<Omit<FileSystem, 'answer'>> {
  const { answer, ...found } = await fileSystemAt(host, directory)
  if (answer.exitCode === 0) return found
  throw new KadmError('COMMAND_FAILED', `"df -P -k ${directory}" exited with ${answer.exitCode}: ${answer.stderr.trim()}`, {
    remedy: [`df -P -k ${directory}`],
  })
}

const day = 86_400_000

/** Those of components are renewed by the upgrade; a CA is not. */
export async function certificateFindings({ host, config }: Pick<RehearsalOptions, 'host' | 'config'>): Promise<readonly Finding[]> {
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
