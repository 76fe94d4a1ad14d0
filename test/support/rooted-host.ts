/** This machine with its files in a folder: what is `/etc/x` for the host is `<root>/etc/x` here. For whatever has fixed paths. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { localHost } from '../../src/host/local-host.ts'
import type { Host } from '../../src/host/host.ts'
import { temporaryDirectory } from './temporary.ts'

export function rootedHost(root: string): Host {
  const real = localHost()
  const under = (file: string): string => path.join(root, file)
  return {
    ...real,
    readFile: (file) => real.readFile(under(file)),
    readText: (file) => real.readText(under(file)),
    stat: (file) => real.stat(under(file)),
    list: (file) => real.list(under(file)),
    writeFile: (file, content, options) => real.writeFile(under(file), content, options),
    makeDirectory: (file, mode) => real.makeDirectory(under(file), mode),
    appendFile: (file, text, mode) => real.appendFile(under(file), text, mode),
    removeFile: (file) => real.removeFile(under(file)),
    removeDirectory: (file) => real.removeDirectory(under(file)),
    changeOwner: (file, owner) => real.changeOwner(under(file), owner),
  }
}

/** In an empty folder, with this CA as the only one that the system trusts, and no environment. */
export async function hostTrusting(caPem: string): Promise<Host> {
  const root = await temporaryDirectory()
  await mkdir(path.join(root, 'etc/ssl/certs'), { recursive: true })
  await writeFile(path.join(root, 'etc/ssl/certs/ca-certificates.crt'), caPem)
  const host = rootedHost(root)
  return { ...host, facts: async () => ({ ...(await host.facts()), environment: {} }) }
}
