import type { HostPathMount } from '../../config/model.ts'
import type { JsonObject } from '../../json.ts'
import { byCodeUnit } from './arguments.ts'

/** Directories that files below /etc/ssl/certs link to on one distribution or another; mounted where the host has them. */
export const extraCaDirectories = [
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
] as const

export const systemCaDirectory = '/etc/ssl/certs'

/** A mount of a host path at the same path in the container. */
export function samePath(name: string, path: string, pathType: 'DirectoryOrCreate' | 'FileOrCreate', readOnly = true): HostPathMount {
  return { name, hostPath: path, mountPath: path, readOnly, pathType }
}

/** The system's CA certificates: /etc/ssl/certs and those of the extra directories that exist on the host. */
export function caMounts(existing: readonly string[]): HostPathMount[] {
  const extra = existing.map((path) => samePath(path.slice(1).replaceAll('/', '-'), path, 'DirectoryOrCreate'))
  return [samePath('ca-certs', systemCaDirectory, 'DirectoryOrCreate'), ...extra]
}

/** Of two mounts with one name the later counts; sorted by name. */
export function distinctMounts(mounts: readonly HostPathMount[]): HostPathMount[] {
  return [...new Map(mounts.map((mount) => [mount.name, mount])).values()].toSorted((a, b) => byCodeUnit(a.name, b.name))
}

/** `volumes` of the Pod, sorted by name. */
export function volumes(mounts: readonly HostPathMount[]): JsonObject[] {
  return distinctMounts(mounts).map(({ name, hostPath, pathType }) => ({ hostPath: { path: hostPath, type: pathType }, name }))
}

/** `volumeMounts` of its container, in the order given. */
export function volumeMounts(mounts: readonly HostPathMount[]): JsonObject[] {
  return mounts.map(({ name, mountPath, readOnly }) => ({ mountPath, name, ...(readOnly ? { readOnly } : {}) }))
}
