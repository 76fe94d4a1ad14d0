/**
 * Corefiles that an installer once wrote by itself: one of them may be replaced, any other is somebody's own work and is kept.
 * Source: the defaults in github.com/coredns/corefile-migration v1.0.34. That kubeadm's newest default is not among them makes no
 * difference: what is kept is then what would be written.
 */
import { parseCorefile, type CorefileEntry } from './parse-corefile.ts'

/** Was this Corefile made by an installer and left as it was? One without any server counts as such. */
export function isDefaultCorefile(text: string): boolean {
  const servers = parseCorefile(text)
  if (servers === undefined) return false
  if (servers.length === 0) return true
  const [server] = servers
  return servers.length === 1 && server !== undefined && knownDefaults.some((plugins) => isServer(server, plugins))
}

/** `*`: any word; `***`: any number of further words. */
interface KnownPlugin {
  readonly head: string
  readonly options?: readonly string[]
}

const kubernetes = (...options: readonly string[]): KnownPlugin => ({ head: 'kubernetes * ***', options })
const plain = (...heads: readonly string[]): KnownPlugin[] => heads.map((head) => ({ head }))
const lameduck: KnownPlugin = { head: 'health', options: ['lameduck 5s'] }
const reverse = 'fallthrough in-addr.arpa ip6.arpa'
const tail = plain('prometheus :9153', 'cache 30', 'loop', 'reload', 'loadbalance')

const knownDefaults: readonly (readonly KnownPlugin[])[] = [
  // 1.7.0
  [
    ...plain('errors', 'ready'),
    lameduck,
    kubernetes('pods insecure', reverse, 'ttl 30'),
    { head: 'forward . *', options: ['max_concurrent 1000'] },
    ...tail,
  ],
  // 1.6.5 and 1.6.7
  [...plain('errors', 'ready', 'forward . *'), lameduck, kubernetes('pods insecure', reverse, 'ttl 30'), ...tail],
  // 1.6.2
  [...plain('errors', 'health', 'ready', 'forward . *'), kubernetes('pods insecure', reverse, 'ttl 30'), ...tail],
  // 1.3.1
  [...plain('errors', 'health', 'forward . *'), kubernetes('pods insecure', 'upstream', reverse, 'ttl 30'), ...tail],
  // 1.2.2 and 1.2.6
  [...plain('errors', 'health', 'proxy . *'), kubernetes('pods insecure', 'upstream', reverse), ...tail],
  // 1.1.3
  [...plain('errors', 'health', 'proxy . *', 'prometheus :9153', 'cache 30', 'reload'), kubernetes('pods insecure', 'upstream', reverse)],
]

function isServer(server: CorefileEntry, plugins: readonly KnownPlugin[]): boolean {
  return (
    server.words.length === 1 &&
    server.words[0] === '.:53' &&
    server.entries.length === plugins.length &&
    server.entries.every((entry) => plugins.some((plugin) => isPlugin(entry, plugin)))
  )
}

function isPlugin({ words, entries }: CorefileEntry, { head, options = [] }: KnownPlugin): boolean {
  if (!fits(words, head) || entries.length !== options.length) return false
  return entries.every((entry) => options.some((option) => fits(entry.words, option)))
}

function fits(words: readonly string[], pattern: string): boolean {
  const expected = pattern.split(' ')
  const open = expected.indexOf('***')
  if (open === -1 ? words.length !== expected.length : words.length < open) return false
  return expected.slice(0, open === -1 ? undefined : open).every((word, index) => word === '*' || word === words[index])
}
