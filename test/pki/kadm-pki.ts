/** The certs and kubeconfig phases of kadm on a folder of a test's own, one after the other as `phase certs all` has them. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { InitConfig } from '../../src/config/model.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { certificateSpecs } from '../../src/pki/certificate-specs.ts'
import { ensureCertificate } from '../../src/pki/ensure-certificate.ts'
import { ensureKubeconfig } from '../../src/pki/kubeconfig/ensure-kubeconfig.ts'
import { checkExternalCa } from '../../src/pki/external-ca.ts'
import { keySupply, type KeySupply } from '../../src/pki/key-supply.ts'
import { kubeconfigSpecs } from '../../src/pki/kubeconfig/kubeconfig-specs.ts'
import { ensureServiceAccountKey } from '../../src/pki/service-account.ts'
import { initConfig, type ConfigOverrides } from '../support/init-config.ts'

export interface PhaseOutput {
  readonly lines: string[]
  readonly warnings: string[]
}

export interface PhaseOptions {
  readonly host?: Host
  readonly start?: Date
  readonly only?: (name: string) => boolean
  /** Takes the lines, for a run that is going to fail. */
  readonly output?: PhaseOutput
}

/** `root` stands for /etc/kubernetes. P-256 unless the overrides say otherwise: tests about files need no slow keys. */
export function configIn(root: string, overrides: ConfigOverrides = {}): InitConfig {
  return initConfig({
    ...overrides,
    cluster: { encryptionAlgorithm: 'ECDSA-P256', certificatesDir: path.join(root, 'pki'), ...overrides.cluster },
  })
}

/** As `init phase certs all`, external CA check included. */
export async function runCerts(config: InitConfig, options: PhaseOptions = {}): Promise<PhaseOutput> {
  const { only = () => true } = options
  const { host, output, ...common } = setUp(config, options)
  await checkExternalCa({ config, host, kubeconfigDir: path.dirname(config.cluster.certificatesDir), warn: common.warn })
  for (const spec of certificateSpecs) {
    if (!only(spec.name) || (spec.ofEtcd && config.cluster.etcd.kind === 'external')) continue
    await ensureCertificate(spec, { config, host, ...common })
  }
  if (only('sa')) await ensureServiceAccountKey({ config, host, ...common })
  return output
}

/** As `init phase kubeconfig all`. */
export async function runKubeconfigs(
  config: InitConfig,
  options: PhaseOptions & { readonly directory?: string } = {},
): Promise<PhaseOutput> {
  const { only = () => true, directory = path.dirname(config.cluster.certificatesDir) } = options
  const { host, output, ...common } = setUp(config, options)
  await checkExternalCa({ config, host, kubeconfigDir: directory, warn: common.warn })
  for (const spec of kubeconfigSpecs) if (only(spec.name)) await ensureKubeconfig(spec, { config, host, directory, ...common })
  return output
}

export interface FileState {
  readonly mode: number
  readonly content: string
}

/** Every file below, by path from there. */
export async function filesIn(root: string): Promise<Map<string, FileState>> {
  const files = new Map<string, FileState>()
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    files.set(path.relative(root, file), { mode: (await stat(file)).mode & 0o7777, content: await readFile(file, 'utf8') })
  }
  return files
}

/** Makes the folder hold these files and no others. */
export async function putFiles(root: string, files: ReadonlyMap<string, FileState>): Promise<void> {
  await rm(root, { recursive: true, force: true })
  for (const [name, { mode, content }] of files) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true })
    await writeFile(path.join(root, name), content, { mode })
  }
}

interface Context {
  readonly host: Host
  readonly keys: KeySupply
  readonly start: Date
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  readonly output: PhaseOutput
}

function setUp(
  config: InitConfig,
  { host = localHost(), start = new Date(), output = { lines: [], warnings: [] } }: PhaseOptions,
): Context {
  const keys = keySupply(config.cluster.encryptionAlgorithm, 0)
  return {
    host,
    keys,
    start,
    say: (line: string) => void output.lines.push(line),
    warn: (line: string) => void output.warnings.push(line),
    output,
  }
}
