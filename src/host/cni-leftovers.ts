/** What a Pod network leaves on a host: its configuration, the addresses that it gave out, its devices. */
import { emptyDirectory } from './empty-directory.ts'
import type { Host } from './host.ts'
import { linesOf } from './lines-of.ts'

export interface LeftOfCni {
  readonly what: string
  readonly remove: () => Promise<void>
}

export async function findCniLeftovers(host: Host): Promise<readonly LeftOfCni[]> {
  const [configuration, state, devices] = await Promise.all([entriesOf(host, '/etc/cni/net.d'), stateFolders(host), namesOfDevices(host)])
  return [
    ...configuration.map((path) => ({ what: path, remove: () => removePath(host, path) })),
    ...state.map((path) => ({ what: path, remove: () => removePath(host, path) })),
    ...devices.map((name) => ({
      what: `network device "${name}"`,
      remove: async () => void (await host.run(['ip', 'link', 'delete', name])),
    })),
  ]
}

/** Of engines that have containers of their own beside Kubernetes. */
const othersNetwork = /podman|crio|nerdctl|containerd-net|docker/

async function entriesOf(host: Pick<Host, 'list'>, folder: string): Promise<readonly string[]> {
  const names = (await host.list(folder)) ?? []
  return names.filter((name) => !othersNetwork.test(name) && !name.startsWith('.')).map((name) => `${folder}/${name}`)
}

/** Networks, results and caches of the usual plug-ins; folders with nothing in them say nothing. */
async function stateFolders(host: Pick<Host, 'list'>): Promise<readonly string[]> {
  const found = await Promise.all(
    ['/var/lib/cni/networks', '/var/lib/cni/results', '/var/lib/cni/flannel'].map((folder) => entriesOf(host, folder)),
  )
  return found.flat()
}

/** Of bridge, flannel, Calico, Cilium, Weave, kube-router, NodeLocal DNS. */
const knownDevices = /^(?:cni0|flannel[.-]\S+|vxlan(?:-v6)?\.calico|cilium_\w+|weave|kube-bridge|nodelocaldns)$/

async function namesOfDevices(host: Pick<Host, 'query'>): Promise<readonly string[]> {
  const lines = await linesOf(host.query, ['ip', '-o', 'link', 'show'])
  return lines.map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? '').filter((name) => knownDevices.test(name))
}

async function removePath(host: Host, path: string): Promise<void> {
  if ((await host.stat(path))?.kind !== 'directory') return await host.removeFile(path)
  await emptyDirectory(host, path)
  await host.removeDirectory(path)
}
