/** The Corefile of a new cluster. */
export function defaultCorefile(dnsDomain: string): string {
  const cache = dnsDomain === '' ? [] : [`disable success ${dnsDomain}`, `disable denial ${dnsDomain}`]
  return [
    '.:53 {',
    '    errors',
    ...block('health', ['lameduck 5s']),
    '    ready',
    ...block(`kubernetes ${dnsDomain} in-addr.arpa ip6.arpa`, ['pods insecure', 'fallthrough in-addr.arpa ip6.arpa', 'ttl 30']),
    '    prometheus :9153',
    ...block('forward . /etc/resolv.conf', ['max_concurrent 1000']),
    ...block('cache 30', cache),
    '    loop',
    '    reload',
    '    loadbalance',
    '}',
    '',
  ].join('\n')
}

function block(head: string, options: readonly string[]): string[] {
  return options.length === 0 ? [`    ${head}`] : [`    ${head} {`, ...options.map((option) => `       ${option}`), '    }']
}
