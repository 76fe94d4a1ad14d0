/** URLs as Go 1.26 reads them, of which kubeadm asks no more than the scheme. */
import { parseIp } from './ip-address.ts'

/** The scheme in lower case, '' when there is none, `undefined` when Go would refuse the URL. */
export function urlScheme(value: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- Go's url.Parse refuses control characters
  if (/[\u0000-\u001f\u007f]/.test(value) || value.startsWith(':')) return undefined
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(value)?.[1]?.toLowerCase()
  const rest = scheme === undefined ? value : value.slice(scheme.length + 1)
  const opaque = scheme !== undefined && !rest.startsWith('/')
  const [path = ''] = rest.split('?')
  if (!opaque && /%(?![0-9a-fA-F]{2})/.test(path)) return undefined
  if (scheme === undefined) return /^[^/?#]*:/.test(value) ? undefined : ''
  const authority = rest.startsWith('//') ? (/^[^/?#]*/.exec(rest.slice(2))?.[0] ?? '') : ''
  const at = authority.lastIndexOf('@')
  const user = at === -1 ? '' : authority.slice(0, at)
  return /^[\w\-.:~!$&'()*+,;=%@]*$/.test(user) && isHost(authority.slice(at + 1), scheme) ? scheme : undefined
}

/** One port, and with http and https one colon; in brackets an IPv6 address. */
function isHost(host: string, scheme: string): boolean {
  if (/[ \\^`{|}]/.test(host)) return false
  if (host.startsWith('[')) {
    const [, address, , port] = /^\[([^\]%]*)(%25[^\]]+)?\](.*)$/.exec(host) ?? []
    return address?.includes(':') === true && parseIp(address) !== undefined && /^(?::\d*)?$/.test(port ?? '')
  }
  if (host.includes('[') || /%(?:[013-7]|2(?!5))/.test(host)) return false
  const [, ...ports] = host.split(':')
  return /^\d*$/.test(ports.at(-1) ?? '') && (ports.length < 2 || !/^https?$/.test(scheme))
}
