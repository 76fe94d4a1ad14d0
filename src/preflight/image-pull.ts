import { messageOf } from '../errors.ts'
import type { ContainerRuntime } from '../host/cri/container-runtime.ts'
import { passed, warned, type Check, type Findings } from './check.ts'

export interface ImagePullInput {
  readonly images: readonly string[]
  /** The one of `images` that the runtime should use for its sandboxes. */
  readonly pauseImage: string
  readonly policy: 'Always' | 'IfNotPresent' | 'Never'
  /** One after the other; else all at once. */
  readonly serial: boolean
  readonly say: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

/** The one check that changes the host: it pulls what is not there, so that nothing waits for a download later. */
export function imagePull(runtime: ContainerRuntime, { images, pauseImage, policy, serial, say, signal }: ImagePullInput): Check {
  return {
    name: 'ImagePull',
    requires: 'all images on the host; those that are not there are pulled',
    run: async () => {
      if (policy === 'Never') return passed
      say('Pulling images required for setting up a Kubernetes cluster')
      say('This might take a minute or two, depending on the speed of your internet connection')
      say("You can also perform this action beforehand using 'kubeadm config images pull'")
      const pull = (image: string): Promise<string | undefined> => pullProblem(runtime, image, policy, signal)
      const [sandbox, problems] = await Promise.all([
        sandboxWarning(runtime, pauseImage),
        serial ? oneByOne(images, pull) : Promise.all(images.map(pull)),
      ])
      return { ...sandbox, errors: problems.filter((problem) => problem !== undefined) }
    },
  }
}

/** kubeadm's PullImageRetry. No pause between: the runtime itself waits for registries. */
const tries = 5

/** What kept the image from being there after the last try; `undefined` when it is. */
export async function pullProblem(
  runtime: ContainerRuntime,
  image: string,
  policy: 'Always' | 'IfNotPresent',
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  // A runtime that does not answer has no image; the pull then says why.
  if (policy === 'IfNotPresent' && (await runtime.hasImage(image).catch(() => false))) return undefined
  let last: unknown
  for (let attempt = 0; attempt < tries; attempt += 1) {
    signal?.throwIfAborted()
    try {
      await runtime.pullImage(image, signal && { signal })
      return undefined
    } catch (error) {
      signal?.throwIfAborted()
      last = error
    }
  }
  return `failed to pull image ${image}: ${reasonOf(last)}`
}

/** containerd names the image in each of its layers of words; the innermost has the reason. */
function reasonOf(error: unknown): string {
  return messageOf(error).replace(/^.*failed to (?:pull and unpack image|resolve reference|resolve image) "[^"]+": /s, '')
}

async function sandboxWarning(runtime: ContainerRuntime, pauseImage: string): Promise<Findings> {
  const sandboxImage = await runtime.status().then(
    (status) => status.sandboxImage,
    () => undefined,
  )
  if (sandboxImage === undefined || sandboxImage === pauseImage) return passed
  return warned(
    `the container runtime uses "${sandboxImage}" for its sandboxes, and this Kubernetes "${pauseImage}": set that in the configuration of the runtime`,
  )
}

async function oneByOne<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (const item of items) results.push(await work(item))
  return results
}
