/**
 * The network rules that kube-proxy and the kubelet leave in the kernel: iptables chains `KUBE-*`, nft tables `kube-proxy`, IPVS services.
 */
import type { Host } from './host.ts'
import { linesOf } from './lines-of.ts'

export interface LeftRules {
  /** For the user: `iptables: 93 rules in 31 chains KUBE-*`. */
  readonly what: string
  readonly remove: () => Promise<void>
}

type RulesHost = Pick<Host, 'query' | 'run'>

/** What no program on the host can show is not told of. kube-proxy brings its own in its image. */
export async function findKubeProxyRules(host: RulesHost): Promise<readonly LeftRules[]> {
  const found = await Promise.all([
    ...['iptables', 'ip6tables'].map((family) => iptablesRules(host, family)),
    nftTables(host),
    ipvsServices(host),
    ipSets(host),
  ])
  return found.flat()
}

/** Both kinds are looked at: which one kube-proxy has used is a matter of its image. */
async function iptablesRules(host: RulesHost, family: string): Promise<readonly LeftRules[]> {
  const variants = [`${family}-nft`, `${family}-legacy`]
  const saved = await Promise.all(variants.map((variant) => linesOf(host.query, [`${variant}-save`])))
  const programs = saved.some((lines) => lines.length > 0)
    ? variants.map((variant, index) => ({ variant, lines: saved[index] ?? [] }))
    : [{ variant: family, lines: await linesOf(host.query, [`${family}-save`]) }]
  return programs.flatMap(({ variant, lines }) => {
    const { text, chains, rules } = removalOf(lines)
    if (chains === 0) return []
    const remove = async (): Promise<void> => void (await host.run([`${variant}-restore`, '--noflush'], { input: text }))
    return [{ what: `${variant}: ${rules} rules in ${chains} chains KUBE-*`, remove }]
  })
}

/**
 * From what `iptables-save` prints to what makes `iptables-restore --noflush` take the chains `KUBE-*` away, with the rules elsewhere that
 * lead into them: all of a table or nothing, in one step.
 */
export function removalOf(saved: readonly string[]): { readonly text: string; readonly chains: number; readonly rules: number } {
  const parts: string[] = []
  let chains = 0
  let rules = 0
  for (const table of sections(saved)) {
    const own = table.flatMap((line) => /^:(KUBE-\S+) /.exec(line)?.[1] ?? [])
    if (own.length === 0) continue
    chains += own.length
    const jumps = table.filter((line) => /^-A (?!KUBE-)/.test(line) && / -[jg] KUBE-/.test(line))
    rules += jumps.length + table.filter((line) => line.startsWith('-A KUBE-')).length
    // A chain that is named is emptied; it can go when no rule leads into it.
    parts.push(
      table[0] ?? '',
      ...own.map((chain) => `:${chain} - [0:0]`),
      ...jumps.map((line) => line.replace('-A', '-D')),
      ...own.map((chain) => `-X ${chain}`),
      'COMMIT',
    )
  }
  return { text: parts.map((line) => `${line}\n`).join(''), chains, rules }
}

/** From `*nat` to the line before `COMMIT`. */
function sections(lines: readonly string[]): readonly (readonly string[])[] {
  const tables: string[][] = []
  for (const line of lines) {
    if (line.startsWith('*')) tables.push([])
    tables.at(-1)?.push(line)
  }
  return tables
}

async function nftTables(host: RulesHost): Promise<readonly LeftRules[]> {
  const tables = await linesOf(host.query, ['nft', 'list', 'tables'])
  return tables.flatMap((line) => {
    const [, family = ''] = /^table (\S+) kube-proxy$/.exec(line) ?? []
    if (family === '') return []
    return [
      {
        what: `nft: table "${family} kube-proxy"`,
        remove: async () => void (await host.run(['nft', 'delete', 'table', family, 'kube-proxy'])),
      },
    ]
  })
}

async function ipvsServices(host: RulesHost): Promise<readonly LeftRules[]> {
  const addresses = await linesOf(host.query, ['ip', '-o', 'addr', 'show'])
  if ((await linesOf(host.query, ['ip', '-o', 'link', 'show', 'dev', ipvsDevice])).length === 0) return []
  const isKnown = (await linesOf(host.query, ['ipvsadm', '--version'])).length > 0
  const services = ipvsServicesOf(await linesOf(host.query, ['ipvsadm', '-S', '-n']), addresses)
  const remove = async (): Promise<void> => {
    for (const service of services) await host.run(['ipvsadm', '-D', ...service])
    await host.run(['ip', 'link', 'delete', ipvsDevice])
  }
  const counted = isKnown
    ? `${services.length} services, and`
    : 'services that only ipvsadm can show and remove, which is not installed, and'
  return [{ what: `ipvs: ${counted} the device "${ipvsDevice}"`, remove }]
}

/** It is never up: the host's facts do not have its addresses. */
const ipvsDevice = 'kube-ipvs0'

/**
 * Of the services in `ipvsadm -S -n` those of kube-proxy, each as `-t 10.96.0.1:443`: at the addresses of its own device, and node ports
 * (of the usual range) at other addresses of the host. The rest is not Kubernetes'.
 * @param addresses the lines of `ip -o addr show`
 */
function ipvsServicesOf(saved: readonly string[], addresses: readonly string[]): readonly (readonly [string, string])[] {
  const deviceOf = new Map(
    addresses.flatMap((line) => {
      const [, device = '', address = ''] = /^\d+: (\S+)\s+inet6? ([^\s/]+)/.exec(line) ?? []
      return device === '' ? [] : [[address, device]]
    }),
  )
  return saved.flatMap((line) => {
    const [, protocol = '', at = '', address = '', port = ''] = /^-A (-[tu]) (\[?([^\]\s]+?)\]?:(\d+))(?: |$)/.exec(line) ?? []
    const device = deviceOf.get(address)
    const isNodePort = device !== undefined && Number(port) >= 30_000 && Number(port) <= 32_767
    return device === ipvsDevice || isNodePort ? [[protocol, at]] : []
  })
}

/** They are free when the rules that use them have gone. */
async function ipSets(host: RulesHost): Promise<readonly LeftRules[]> {
  const names = (await linesOf(host.query, ['ipset', 'list', '-n'])).filter((name) => name.startsWith('KUBE-'))
  if (names.length === 0) return []
  const remove = async (): Promise<void> => {
    for (const name of names) await host.run(['ipset', 'destroy', name])
  }
  return [{ what: `ipset: ${names.length} sets KUBE-*`, remove }]
}
