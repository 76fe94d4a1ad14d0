import type { Host } from '../../host/host.ts'

/** The host with one more file, which is read and never there: a workflow takes its configuration from a path. */
export function withFile(host: Host, file: { readonly path: string; readonly text: string }): Host {
  return { ...host, readText: async (path) => (path === file.path ? file.text : host.readText(path)) }
}
