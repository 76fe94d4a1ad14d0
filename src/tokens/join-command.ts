export interface JoinCommand {
  /** `host:port` of the API server. */
  readonly endpoint: string
  /** The token, or what is shown in its place. */
  readonly token: string
  /** `sha256:<hex>` of each CA certificate. */
  readonly caHashes: readonly string[]
  /** For a control plane; with the certificate key if the certificates were uploaded. */
  readonly controlPlane?: { readonly certificateKey?: string }
}

export const withheld = '<value withheld>'

/** kubeadm's own, whose words kadm takes too. Over several lines, as in the text after init; the blanks at the ends are kubeadm's. */
export function joinCommand({ endpoint, token, caHashes, controlPlane }: JoinCommand): string {
  const pins = caHashes.map((hash) => `--discovery-token-ca-cert-hash ${hash} `).join('')
  const worker = `kubeadm join ${endpoint} --token ${token} \\\n\t${pins}`
  if (!controlPlane) return worker
  const key = controlPlane.certificateKey
  return `${worker}\\\n\t--control-plane ${key ? `--certificate-key ${key}` : ''}`
}

/** On one line, as `token create --print-join-command` prints it. */
export function joinCommandLine(command: JoinCommand): string {
  return joinCommand(command).replaceAll('\\\n\t', '')
}
