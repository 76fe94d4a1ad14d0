/** `kadm config images list` and `pull` for a user. */
import type { GivenFlags } from '../../config/flags.ts'
import { loadInitConfig } from '../../config/load/load-init.ts'
import type { InitConfig } from '../../config/model.ts'
import { releaseServer } from '../../config/release-server.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { localHost } from '../../host/local-host.ts'
import { controlPlaneImages } from '../../manifests/images.ts'
import { pullProblem } from '../../preflight/image-pull.ts'
import { statusLine } from '../../progress/status-line.ts'
import type { CommandInput, Streams } from '../command.ts'
import { outputPrinter } from '../text/output.ts'

export async function listImages(input: CommandInput): Promise<void> {
  const print = outputPrinter<readonly string[]>(input.flags, {
    kind: 'Images',
    object: (images) => ({ images }),
    text: (images) => images.map((image) => `${image}\n`).join(''),
  })
  const { cluster } = await configuration(input, localHost(), false)
  input.io.stdout.write(await print(controlPlaneImages(cluster)))
}

/** All at once; each is told as soon as it and those before it are there. */
export async function pullImages(input: CommandInput): Promise<void> {
  const host = localHost()
  try {
    const { cluster, init } = await configuration(input, host, true)
    const runtime = host.containerRuntime(init.nodeRegistration.criSocket)
    await runtime.version() // one line when there is none, not one for each image
    const problems = await pullAll(controlPlaneImages(cluster), (image) => pullProblem(runtime, image, 'Always', input.signal), input.io)
    if (problems.length === 0) return
    throw new KadmError('CONTAINER_RUNTIME_FAILED', `${problems.length} images could not be pulled`, {
      details: problems,
      remedy: ['crictl info', 'kadm config images pull'],
    })
  } finally {
    await host.close()
  }
}

/** What kept images from being pulled. */
async function pullAll(
  images: readonly string[],
  pull: (image: string) => Promise<string | undefined>,
  { stdout, stderr }: Streams,
): Promise<readonly string[]> {
  const underWay = new Set(images)
  const status = statusLine(stderr)
  const showRest = (): void => status.show(underWay.size === 0 ? '' : `[config/images] Pulling ${[...underWay].map(shortName).join(', ')}`)
  const pulls = images.map(async (image) => {
    const problem = await pull(image).finally(() => underWay.delete(image))
    showRest()
    return problem
  })
  showRest()
  void Promise.allSettled(pulls) // one that fails before its turn is told at its turn
  const problems: string[] = []
  try {
    for (const [index, image] of images.entries()) {
      const problem = await pulls[index]
      if (problem !== undefined) problems.push(problem)
      else {
        status.clear()
        stdout.write(`[config/images] Pulled ${image}\n`)
        showRest()
      }
    }
  } finally {
    status.clear()
  }
  return problems
}

/** `etcd` of `registry.k8s.io/etcd:3.7.0-0` */
function shortName(image: string): string {
  return image.replace(/^.*\//, '').replace(/[:@].*$/, '')
}

const fromFlags = ['feature-gates', 'image-repository', 'kubernetes-version', 'cri-socket']

async function configuration({ flags, io }: CommandInput, host: Host, criSocket: boolean): Promise<InitConfig> {
  const file = flags.text('config') ?? ''
  const given = fromFlags.filter((name) => flags.given.has(name))
  // kubeadm goes by the file alone and says nothing.
  if (file !== '' && given.length > 0) io.stderr.write(`WARNING: the file goes before ${given.map((name) => `--${name}`).join(', ')}\n`)
  const values: GivenFlags = file === '' ? Object.fromEntries(given.map((name) => [name, flags.text(name)])) : {}
  const { config, warnings } = await loadInitConfig({
    ...(file !== '' && { file }),
    flags: values,
    host,
    needs: { criSocket },
    fetchVersion: releaseServer(host),
  })
  for (const warning of warnings) io.stderr.write(`WARNING: ${warning}\n`)
  return config
}
