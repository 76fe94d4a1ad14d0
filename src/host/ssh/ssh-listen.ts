/** Can a port be had on a host behind SSH? Read from the kernel's tables of sockets: nothing there can listen for an instant. */
import { isIP, SocketAddress } from 'node:net'

/** @param tables texts of /proc/net/tcp and /proc/net/tcp6; `own` the host's addresses */
export function canListenBy(tables: readonly string[], own: readonly string[], port: number, address: string): boolean {
  if (address !== '' && !anyAddress(address) && !own.map(shortForm).includes(shortForm(address))) return false
  return !tables
    .flatMap(listeners)
    .some(
      (one) =>
        one.port === port &&
        (address === '' || anyAddress(address) || anyAddress(one.address) || shortForm(one.address) === shortForm(address)),
    )
}

/** Lines `sl local_address rem_address st ...`: hex, each 32 bits as the host has them; state 0A listens. */
function listeners(table: string): readonly { readonly address: string; readonly port: number }[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address, port] = local.split(':')
    return state === '0A' && address !== undefined && port !== undefined
      ? [{ address: addressOf(address), port: Number.parseInt(port, 16) }]
      : []
  })
}

function addressOf(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).toReversed())
  if (words.length === 1) return (words[0] ?? []).map((byte) => Number.parseInt(byte, 16)).join('.')
  return (words.flat().join('').match(/.{4}/g) ?? []).join(':')
}

function anyAddress(address: string): boolean {
  return address === '0.0.0.0' || (isIP(address) === 6 && shortForm(address) === '::')
}

function shortForm(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address
}
