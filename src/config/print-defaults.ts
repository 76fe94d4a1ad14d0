/** `config print init-defaults` and its siblings: documents to start from. */
import type { JsonObject } from '../json.ts'
import { componentKinds, kubeletKind, kubeProxyKind } from './component-config.ts'
import { withDefaults } from './defaults.ts'
import { invalid } from './documents.ts'
import { defaultCriSocket } from './host-defaults.ts'
import { kubeProxyDefaults } from './kube-proxy-defaults.ts'
import { kubeletDefaults } from './kubelet-defaults.ts'
import { paths } from './paths.ts'
import { printedDocument } from './print.ts'
import { newestKubernetes } from './own-version.ts'
import { parseVersion } from './versions.ts'
import { dumpYaml } from './yaml.ts'

const placeholderToken = 'abcdef.0123456789abcdef'

/**
 * Nothing of a host: placeholders for name, address and token. `componentConfigs`: kinds to print after. Throws CONFIG_INVALID for an
 * unknown one.
 */
export function printInitDefaults(componentConfigs: readonly string[] = []): string {
  const advertiseAddress = '1.2.3.4'
  const init = withDefaults('InitConfiguration', {
    bootstrapTokens: [{ token: placeholderToken }],
    localAPIEndpoint: { advertiseAddress },
    nodeRegistration: { name: 'node', criSocket: defaultCriSocket },
  })
  const cluster = withDefaults('ClusterConfiguration', { kubernetesVersion: `1.${parseVersion(newestKubernetes)?.minor ?? 0}.0` })
  return documents(
    printedDocument('InitConfiguration', init),
    printedDocument('ClusterConfiguration', cluster),
    ...componentConfigs.map((kind) => component(kind, advertiseAddress)),
  )
}

export function printJoinDefaults(hostname: string): string {
  const discovery = {
    bootstrapToken: { token: placeholderToken, apiServerEndpoint: 'kube-apiserver:6443', unsafeSkipCAVerification: true },
  }
  const nodeRegistration = { name: hostname.trim().toLowerCase(), criSocket: defaultCriSocket }
  return documents(printedDocument('JoinConfiguration', withDefaults('JoinConfiguration', { discovery, nodeRegistration })))
}

export function printResetDefaults(): string {
  return documents(printedDocument('ResetConfiguration', withDefaults('ResetConfiguration', { criSocket: defaultCriSocket })))
}

export function printUpgradeDefaults(): string {
  return documents(printedDocument('UpgradeConfiguration', withDefaults('UpgradeConfiguration', {})))
}

function component(kind: string, advertiseAddress: string): JsonObject {
  if (kind === kubeProxyKind.kind) return kubeProxyDefaults({}, { podSubnet: '', advertiseAddress }).document
  if (kind === kubeletKind.kind) {
    return kubeletDefaults({}, { serviceSubnet: '10.96.0.0/12', dnsDomain: 'cluster.local', certificatesDir: paths.defaultCertificates })
      .document
  }
  throw invalid(`"${kind}" is not a component configuration`, [`give one of ${componentKinds.map(({ kind: known }) => known).join(', ')}`])
}

function documents(...all: readonly JsonObject[]): string {
  return all.map(dumpYaml).join('---\n')
}
