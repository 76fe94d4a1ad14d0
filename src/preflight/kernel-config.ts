/** The options that the running kernel was built with. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Host } from '../host/host.ts'

export type KernelConfig = ReadonlyMap<string, 'y' | 'm' | 'n'>

/** `undefined` when the host keeps it nowhere. */
export async function readKernelConfig(host: Pick<Host, 'readFile' | 'query'>, release: string): Promise<KernelConfig | undefined> {
  const text = (await firstConfig(host, release)) ?? (await configFromModule(host, release))
  return text === undefined ? undefined : parseKernelConfig(text)
}

/** Where distributions put it, in the order of kubernetes/system-validators. */
function places(release: string): readonly string[] {
  return [
    '/proc/config.gz',
    `/boot/config-${release}`,
    `/usr/src/linux-${release}/.config`,
    '/usr/src/linux/.config',
    `/usr/lib/modules/${release}/config`,
    `/usr/lib/ostree-boot/config-${release}`,
    `/usr/lib/kernel/config-${release}`,
    `/usr/src/linux-headers-${release}/.config`,
    `/lib/modules/${release}/build/.config`,
  ]
}

async function firstConfig(host: Pick<Host, 'readFile'>, release: string): Promise<string | undefined> {
  for (const path of places(release)) {
    const content = await host.readFile(path)
    if (content !== undefined) return (path.endsWith('.gz') ? await promisify(gunzip)(content) : content).toString('utf8')
  }
  return undefined
}

/**
 * Some kernels show it only while a module is loaded. It is unloaded at once, so this counts as looking: a plan must come to the same
 * verdict.
 */
async function configFromModule(host: Pick<Host, 'readFile' | 'query'>, release: string): Promise<string | undefined> {
  const { exitCode } = await host.query(['modprobe', 'configs'])
  if (exitCode !== 0) return undefined
  try {
    return await firstConfig(host, release)
  } finally {
    await host.query(['modprobe', '-r', 'configs'])
  }
}

function parseKernelConfig(text: string): KernelConfig {
  return new Map(
    [...text.matchAll(/^\s*CONFIG_([A-Z0-9_]+)=([ymn])/gm)].map(([, name = '', value]) => [
      name,
      value === 'y' || value === 'm' ? value : 'n',
    ]),
  )
}
