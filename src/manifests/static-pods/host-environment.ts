import { X509Certificate } from 'node:crypto'
import path from 'node:path/posix'
import type { ClusterConfiguration } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { proxyVariables } from '../environment.ts'
import type { HostEnvironment } from './static-pod.ts'
import { extraCaDirectories } from './volumes.ts'

/** Looks up what the manifests need to know about the host. */
export async function hostEnvironment(cluster: ClusterConfiguration, host: Host): Promise<HostEnvironment> {
  const [{ environment }, found, externalCa] = await Promise.all([
    host.facts(),
    Promise.all(extraCaDirectories.map((directory) => host.stat(directory))),
    signsElsewhere(cluster.certificatesDir, host),
  ])
  return {
    proxyVariables: proxyVariables(environment),
    caDirectories: extraCaDirectories.filter((_, index) => found[index] !== undefined),
    externalCa,
  }
}

/** External CA mode: the certificate of a CA is there and its key is not. */
async function signsElsewhere(certificatesDir: string, host: Host): Promise<boolean> {
  const [certificate, key] = await Promise.all([
    host.readText(path.join(certificatesDir, 'ca.crt')),
    host.stat(path.join(certificatesDir, 'ca.key')),
  ])
  return certificate !== undefined && key === undefined && isCa(certificate)
}

function isCa(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca
  } catch {
    return false
  }
}
