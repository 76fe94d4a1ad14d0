/** Runs `kubeadm config validate` or `migrate` on many files in few jails. */
import { runJailed, type JailOptions } from '../support/jail.ts'

export interface Verdict {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Paths of the fields that kubeadm names in its error, sorted, each once. */
  readonly paths: readonly string[]
  /** Paths of what could not be decoded, without indices: kubeadm stops at the first document that has any. */
  readonly undecoded: readonly string[]
}

export interface KubeadmOptions extends JailOptions {
  readonly flags?: readonly string[]
  /** Commands to run first. */
  readonly before?: readonly (readonly string[])[]
}

/** So many that a jail ends in time, however busy the machine is. */
const perJail = 60

export async function kubeadmConfig(
  kubeadm: string,
  command: 'validate' | 'migrate',
  texts: readonly string[],
  options: KubeadmOptions = {},
): Promise<readonly Verdict[]> {
  if (texts.length > perJail) {
    const first = await kubeadmConfig(kubeadm, command, texts.slice(0, perJail), options)
    return [...first, ...(await kubeadmConfig(kubeadm, command, texts.slice(perJail), options))]
  }
  const name = (index: number): string => `/tmp/jail/in/${String(index).padStart(4, '0')}.yaml`
  const files = Object.fromEntries(texts.map((text, index) => [name(index), text]))
  const flag = command === 'validate' ? '--config' : '--old-config'
  const script = `for f in /tmp/jail/in/*.yaml; do "$0" config ${command} ${flag} "$f" ${(options.flags ?? []).join(' ')} > "$f.out" 2> "$f.err"; echo $? > "$f.rc"; done`
  const result = await runJailed([...(options.before ?? []), ['bash', '-c', script, kubeadm]], {
    ...options,
    files: { ...files, ...options.files },
  })
  return texts.map((_, index) => {
    const read = (suffix: string): string => String(result.tree.get(`${name(index)}.${suffix}`)?.content ?? '')
    const stderr = read('err')
    return { exitCode: Number(read('rc')), stdout: read('out'), stderr, paths: errorPaths(stderr), undecoded: undecodedPaths(stderr) }
  })
}

/** Field paths of an error list such as `[a.b: Invalid value: "x": text, c: Required value: text]`. */
export function errorPaths(stderr: string): readonly string[] {
  const error = /^error: ([^]*)$/m.exec(stderr)?.[1] ?? ''
  return [
    ...new Set([...error.matchAll(/(?:^|[[ ])([A-Za-z]\w*(?:\.\w+)*): (?:Invalid value|Required value)/g)].map((match) => match[1] ?? '')),
  ].toSorted()
}

/** `unknown field "a[0].b"`, `duplicate field "a"`, `cannot unmarshal string into Go struct field Type.a.b of type ...`. */
function undecodedPaths(stderr: string): readonly string[] {
  const fields = [...stderr.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)].map(([, path = '']) => withoutIndices(path))
  const types = [...stderr.matchAll(/into Go struct field \w+\.(\S+) of type/g)].map(([, path = '']) => path)
  // Go's embedded structs stand in the path too, with a capital.
  const inWords = types.map((path) =>
    path
      .split('.')
      .filter((name) => !/^[A-Z]/.test(name))
      .join('.'),
  )
  // Those of the head are told in words.
  return [...new Set([...fields, ...inWords])].filter((path) => path !== 'kind' && path !== 'apiVersion').toSorted()
}

/** `a[0].b` and `a.0.b` as `a.b`. */
export function withoutIndices(path: string): string {
  return path.replaceAll(/\[\d+\]|\.\d+(?=\.|$)/g, '')
}
