/** A host that notes each change in the journal, with what was there before, and then has it made by the real one. */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { ContainerRuntime } from '../cri/container-runtime.ts'
import type { Argv, FileStat, Host } from '../host.ts'
import { type Before, type ContentMark, type JournaledChange, stateDirectory } from './journal-file.ts'
import type { JournalWriter } from './journal.ts'
import { missingDirectories, pendingWrite } from '../pending-write.ts'
import { redact } from '../redact.ts'
import { secretDigest } from './secret-digest.ts'

/**
 * `run` is the id of a run that the journal was told of (`run-started`); `made` are files that were not there before the run that it goes
 * on with. Of what the run made itself no copy is kept: to undo it is to remove it, and a credential that is removed must be gone. Changes
 * of kadm's own directory are not journaled.
 */
export function journalingHost(real: Host, journal: JournalWriter, run: string, made: ReadonlySet<string> = new Set()): Host {
  let backups = 0
  const ours = new Set(made)
  const secrets = secretDigest(real, { makeKey: true })
  const stopped = new Set<string>()
  const note = (change: JournaledChange): Promise<void> => journal.append({ kind: 'change', run, change })
  const isOwn = (file: string): boolean => `${path.resolve(file)}/`.startsWith(`${stateDirectory}/`)

  const stateOf = async (file: string, found: FileStat | undefined, secret: boolean): Promise<Before> => {
    if (found === undefined) return 'absent'
    // A link has no mode of its own; what it leads to is taken for a secret.
    const attributes = { mode: found.kind === 'link' ? 0o600 : found.mode, owner: found.owner }
    const content = (found.kind === 'file' || found.kind === 'link') && !ours.has(file) ? await real.readFile(file) : undefined
    if (content === undefined) return attributes
    const backup = `${stateDirectory}/backups/${run}/${++backups}-${path.basename(file)}`
    await real.makeDirectory(stateDirectory, 0o700)
    await real.writeFile(backup, content, { mode: 0o600, directoryMode: 0o700, secret: true })
    return { ...attributes, ...(await markOf(content, secret)), backup }
  }
  const markOf = async (content: Buffer, secret: boolean): Promise<ContentMark> => {
    if (!secret) return { sha256: sha256(content) }
    const digest = await secrets.of(content)
    return digest === undefined ? {} : { digest }
  }
  const noteDirectories = async (dirs: readonly string[], mode: number): Promise<void> => {
    await Promise.all(dirs.map((dir) => note({ kind: 'make-directory', path: dir, before: 'absent', after: { mode } })))
  }
  return {
    ...real,
    writeFile: async (file, content, options) => {
      const bytes = Buffer.from(content)
      const { change, directories } = await pendingWrite(real, file, bytes, options)
      if (change !== undefined && !isOwn(file)) {
        const secret = options.secret === true || hasSecret(bytes)
        const before = await stateOf(file, change.before, secret)
        if (before === 'absent') ours.add(file)
        await noteDirectories(directories, options.directoryMode ?? 0o755)
        await note({ kind: 'write-file', path: file, before, after: { mode: change.mode, ...(await markOf(bytes, secret)) } })
      }
      await real.writeFile(file, content, options)
    },
    makeDirectory: async (dir, mode) => {
      if (!isOwn(dir)) await noteDirectories(await missingDirectories(real, dir), mode)
      await real.makeDirectory(dir, mode)
    },
    removeFile: async (file) => {
      const found = await real.stat(file)
      // Whoever wrote it may not have been kadm, so it is taken for a secret.
      if (found !== undefined && !isOwn(file)) await note({ kind: 'remove-file', path: file, before: await stateOf(file, found, true) })
      await real.removeFile(file)
      ours.delete(file)
    },
    removeDirectory: async (dir) => {
      const found = await real.stat(dir)
      const isRemovable = found?.kind === 'directory' && (await real.list(dir))?.length === 0
      if (isRemovable && !isOwn(dir)) await note({ kind: 'remove-directory', path: dir, before: { mode: found.mode, owner: found.owner } })
      await real.removeDirectory(dir)
    },
    changeOwner: async (file, owner) => {
      const found = await real.stat(file)
      const differs = found !== undefined && (found.owner.uid !== owner.uid || found.owner.gid !== owner.gid)
      if (differs) await note({ kind: 'change-owner', path: file, before: { mode: found.mode, owner: found.owner }, owner })
      await real.changeOwner(file, owner)
    },
    run: async (argv, options) => {
      await note({ kind: 'run-command', argv: redacted(argv) })
      return real.run(argv, options)
    },
    services: {
      ...real.services,
      restart: async (service) => {
        // What this run has stopped itself need not be asked for: that is a command, just when the kubelet is waited for.
        const wasActive = !stopped.delete(service) && (await real.services.isActive(service))
        await note({ kind: 'restart-service', service, wasActive })
        await real.services.restart(service)
      },
      stop: async (service) => {
        await note({ kind: 'stop-service', service, wasActive: await real.services.isActive(service) })
        await real.services.stop(service)
        stopped.add(service)
      },
    },
    containerRuntime: (endpoint) => journalingRuntime(real.containerRuntime(endpoint), note),
  }
}

function journalingRuntime(real: ContainerRuntime, note: (change: JournaledChange) => Promise<void>): ContainerRuntime {
  return {
    ...real,
    pullImage: async (image, options) => {
      await note({ kind: 'pull-image', image })
      await real.pullImage(image, options)
    },
    startPod: async (pod) => {
      await note({ kind: 'start-pod', name: pod.name, path: pod.writesTo })
      return real.startPod(pod)
    },
    stopContainer: async (id, timeoutSeconds) => {
      await note({ kind: 'stop-container', id })
      await real.stopContainer(id, timeoutSeconds)
    },
    stopPod: async (id) => {
      await note({ kind: 'stop-pod', id })
      await real.stopPod(id)
    },
    removePod: async (id) => {
      await note({ kind: 'remove-pod', id })
      await real.removePod(id)
    },
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hasSecret(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  return redact(text) !== text
}

function redacted([program, ...args]: Argv): Argv {
  return [program, ...args.map(redact)]
}
