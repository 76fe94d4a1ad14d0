/** One situation out of kubeadm's own table tests, as a user would bring it about with words and files. */
export interface TableCase {
  /** Package of kubeadm whose test has the situation: `apis/kubeadm/validation`. */
  readonly from: string
  readonly name: string
  /** `DIR` stands for a folder of the case's own. */
  readonly words: readonly string[]
  /** Content by path, below `DIR` or `/etc/kubernetes`. `@name` is a file of the fixtures. */
  readonly files?: Readonly<Record<string, string>>
  /** What is compared besides the exit code and the fields that are named: what is printed, or the files that are there afterwards. */
  readonly same?: 'output' | 'files'
  /** Why kadm does otherwise on purpose: then it must. */
  readonly differs?: string
}

/** `config validate` of a text. */
export function validated(from: string, name: string, text: string, more: Partial<TableCase> = {}): TableCase {
  return { from, name, words: ['config', 'validate', '--config', 'DIR/config.yaml'], files: { 'DIR/config.yaml': text }, ...more }
}

/** `config migrate` of a text; the documents are compared. */
export function migrated(from: string, name: string, text: string, more: Partial<TableCase> = {}): TableCase {
  return {
    from,
    name,
    words: ['config', 'migrate', '--old-config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': text },
    same: 'output',
    ...more,
  }
}

/** A document with some fields, as flow YAML. `networking.podSubnet`: a field inside. */
export function document(kind: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const content: Record<string, unknown> = {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind,
    ...(kind === 'ClusterConfiguration' && { kubernetesVersion: 'v1.37.1' }),
  }
  for (const [path, value] of Object.entries(fields)) {
    const names = path.split('.')
    let target = content
    for (const name of names.slice(0, -1)) target = (target[name] ??= {}) as Record<string, unknown>
    target[names.at(-1) ?? ''] = value
  }
  return `${JSON.stringify(content)}\n`
}

/** With what a document of the kind needs to be valid. */
export function complete(kind: string, fields: Readonly<Record<string, unknown>>): string {
  if (kind === 'InitConfiguration')
    return `${document(kind, { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }], ...fields })}---\n${document('ClusterConfiguration')}`
  if (kind === 'JoinConfiguration')
    return document(
      kind,
      Object.keys(fields).some((path) => /^discovery\.?(?!tlsBootstrapToken)/.test(path)) ? fields : { ...discoveryByToken, ...fields },
    )
  return document(kind, fields)
}

const discoveryByToken = {
  'discovery.bootstrapToken': { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1:6443', unsafeSkipCAVerification: true },
}
