/** A host whose calls are timed: what it does for a phase, and how long that takes. */
import type { ContainerRuntime } from './cri/container-runtime.ts'
import type { Argv, Host } from './host.ts'
import { redact } from './redact.ts'

/** Told when a call begins, e.g. `systemctl restart kubelet`; returns what is to be told when it has ended. No secret is in the text. */
export type CallTimer = (text: string) => () => void

/** Looks that are over in no time (`stat`, `list`, `facts`) are not told of. */
export function timedHost(real: Host, timer: CallTimer): Host {
  const timed = timedBy(timer)
  return {
    ...real,
    query: (argv, options) => timed(commandText(argv), () => real.query(argv, options)),
    run: (argv, options) => timed(commandText(argv), () => real.run(argv, options)),
    readFile: (path) => timed(`read ${path}`, () => real.readFile(path)),
    readText: (path) => timed(`read ${path}`, () => real.readText(path)),
    writeFile: (path, content, options) => timed(`write ${path}`, () => real.writeFile(path, content, options)),
    appendFile: (path, content, mode) => timed(`append to ${path}`, () => real.appendFile(path, content, mode)),
    dial: (address, options) =>
      timed(`connect to ${address.kind === 'unix' ? address.path : `${address.host}:${address.port}`}`, () => real.dial(address, options)),
    lock: (command) => timed('lock', () => real.lock(command)),
    services: {
      ...real.services,
      restart: (name) => timed(`restart service ${name}`, () => real.services.restart(name)),
      stop: (name) => timed(`stop service ${name}`, () => real.services.stop(name)),
    },
    containerRuntime: (endpoint) => timedRuntime(real.containerRuntime(endpoint), timed),
  }
}

type Timed = <T>(text: string, work: () => Promise<T>) => Promise<T>

function timedBy(timer: CallTimer): Timed {
  return async (text, work) => {
    const end = timer(text)
    try {
      return await work()
    } finally {
      end()
    }
  }
}

function timedRuntime(real: ContainerRuntime, timed: Timed): ContainerRuntime {
  return {
    ...real,
    version: () => timed('version of the container runtime', () => real.version()),
    pullImage: (image, options) => timed(`pull ${image}`, () => real.pullImage(image, options)),
    startPod: (pod) => timed(`start Pod ${pod.name}`, () => real.startPod(pod)),
    stopContainer: (id, seconds) => timed(`stop container ${id}`, () => real.stopContainer(id, seconds)),
    stopPod: (id) => timed(`stop Pod ${id}`, () => real.stopPod(id)),
    removePod: (id) => timed(`remove Pod ${id}`, () => real.removePod(id)),
  }
}

/** Scripts may be long: their beginning says which. */
function commandText(argv: Argv): string {
  return argv.map(redact).join(' ').replaceAll(/\s+/g, ' ').slice(0, 200)
}
