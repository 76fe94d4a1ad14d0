/** What `kadm init` says at its end: how to use the cluster, and the commands that add nodes to it. */
import { caHashes } from '../../pki/ca-hash.ts'
import { joinCommand, withheld } from '../../tokens/join-command.ts'

export interface DoneText {
  /** Of the cluster in admin.conf: `https://host:port`, and its CA as PEM. */
  readonly server: string
  readonly caPem: string
  readonly tokens: readonly string[]
  readonly hasStableEndpoint: boolean
  /** `undefined`: the shared certificates were not uploaded. */
  readonly certificateKey: string | undefined
  readonly adminConf: string
  readonly skipTokenPrint: boolean
  readonly skipCertificateKeyPrint: boolean
}

export function doneText(facts: DoneText): string {
  const { adminConf } = facts
  return `
Your Kubernetes control plane is up.

To use the cluster as a regular user:

  mkdir -p $HOME/.kube
  sudo cp -i ${adminConf} $HOME/.kube/config
  sudo chown $(id -u):$(id -g) $HOME/.kube/config

or as root:

  export KUBECONFIG=${adminConf}

Nodes become Ready with a pod network. Apply one of those at
https://kubernetes.io/docs/concepts/cluster-administration/addons/:

  kubectl apply -f [podnetwork].yaml
${facts.tokens.map((token) => joinText(token, facts)).join('')}`
}

function joinText(
  token: string,
  { server, caPem, hasStableEndpoint, certificateKey, skipTokenPrint, skipCertificateKeyPrint }: DoneText,
): string {
  const command = { endpoint: server.replace('https://', ''), token: skipTokenPrint ? withheld : token, caHashes: caHashes(caPem) }
  const worker = `
To add workers, run this on each as root:

${joinCommand(command)}
`
  if (!hasStableEndpoint) return worker
  if (certificateKey === undefined) {
    return `
To add control planes, copy the CA files and the service account keys to each, then run this there as root:

  ${joinCommand({ ...command, controlPlane: {} })}
${worker}`
  }
  return `
To add control planes, run this on each as root:

  ${joinCommand({ ...command, controlPlane: { certificateKey: skipCertificateKeyPrint ? withheld : certificateKey } })}

Keep the certificate key as safe as the keys that it opens. The uploaded certificates are deleted in two hours;
"kadm init phase upload-certs --upload-certs" uploads them again.
${worker}`
}
