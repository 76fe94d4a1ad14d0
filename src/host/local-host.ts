/** This machine as a `Host`. */
import { availableParallelism, hostname, release, totalmem, type } from 'node:os'
import { requireSuccess, runCommand } from './command.ts'
import { criRuntimes } from './cri/cri-runtime.ts'
import { dialLocally } from './dial.ts'
import type { Host, HostFacts } from './host.ts'
import { canListen } from './listen.ts'
import { localFiles } from './local-files.ts'
import { lockFile } from './local-lock.ts'
import { lockPath } from './lock.ts'
import { interfaceAddresses, routes } from './network-facts.ts'
import { servicesOf } from './services.ts'
import { operatorName } from './who-runs.ts'

/** The machine that kadm runs on. Nothing is opened or looked at before it is asked for; `close` ends connections to container runtimes. */
export function localHost(): Host {
  const commands: Pick<Host, 'query' | 'run'> = {
    query: runCommand,
    run: async (argv, options) => requireSuccess(await runCommand(argv, options), options),
  }
  return {
    name: hostname(),
    operator: operatorName(),
    ...localFiles(),
    ...commands,
    services: servicesOf(commands),
    ...criRuntimes({ ...commands, dial: dialLocally }),
    dial: dialLocally,
    canListen,
    lock: (command) => lockFile(lockPath, command),
    facts: localFacts,
    now: () => new Date(),
  }
}

async function localFacts(): Promise<HostFacts> {
  return {
    hostname: hostname(),
    uid: process.geteuid?.() ?? 0,
    cpus: availableParallelism(),
    memory: totalmem(),
    system: type(),
    kernelRelease: release(),
    addresses: interfaceAddresses(),
    routes: await routes(),
    environment: definedOf(process.env),
  }
}

function definedOf(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
