/** Can a port be had on this machine? */
import { createServer } from 'node:net'
import { systemCode } from './file-error.ts'

/**
 * Listens for an instant. Empty address: on all addresses, IPv6 included where the machine has it. A port below 1024 without rights
 * counts as "no".
 */
export async function canListen(port: number, address = ''): Promise<boolean> {
  if (address !== '') return tryListen(port, address)
  const six = await tryListen(port, '::')
  return six && (await tryListen(port, '0.0.0.0'))
}

function tryListen(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    // No IPv6 on this machine: nobody can be in the way there.
    server.once('error', (error) => resolve(address === '::' && ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(systemCode(error) ?? '')))
    server.listen({ port, host: address, exclusive: true, ipv6Only: address === '::' }, () => server.close(() => resolve(true)))
  })
}
