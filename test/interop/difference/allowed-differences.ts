/**
 * What may differ between a host or cluster by kubeadm and one by kadm, and why: all that the comparison passes over stands here, and
 * `docs/compatibility.md` shows this table (a test holds the two together).
 */

export const allowedDifferences = {
  'kadm-files': {
    what: '`/var/lib/kadm` (journal and backups) and `/run/kadm.lock`',
    why: "kadm's own: what it needs to go on after a kill and to undo",
  },
  'private-key': { what: 'private keys', why: 'random; type, size, PEM form and that they fit their certificates are compared' },
  'serial-number': { what: 'serial numbers of certificates', why: 'random; that they are positive and have up to 64 bits is compared' },
  'certificate-time': {
    what: 'begin and end of certificates, by the seconds that the work took',
    why: 'the clock; what lies between begin and end, and between the begin and that of the CA, is compared',
  },
  'key-id': { what: 'subject and authority key ids', why: "made from the keys; that a certificate names its CA's is compared" },
  'authority-data': {
    what: 'CA certificates inside kubeconfigs, ConfigMaps and ClusterTrustBundles, and names made of their hashes',
    why: 'the keys again; on hosts, which file they are equal to is compared',
  },
  'kubelet-time': {
    what: "the time in the file names and subjects of the kubelet's own certificates (`kubelet-client-<time>.pem`, `CN=<node>@<time>`)",
    why: 'the kubelet writes it',
  },
  'kubelet-request': {
    what: "the kubelet's CertificateSigningRequest, and the certificates that it gets by it",
    why: 'at its first start the kubelet asks after 0, 2, 6, 14, 30 s until the API answers, and not again once it was restarted: whether it comes to that is a matter of seconds, in either tool',
  },
  token: {
    what: 'id and secret of bootstrap tokens that nobody gave, in names and data of Secrets, and the signatures by them in `cluster-info`',
    why: 'random',
  },
  'token-expiration': { what: '`expiration` of tokens', why: 'the clock' },
  'sealed-certificates': {
    what: 'the values in Secret `kubeadm-certs`',
    why: 'sealed with a random key; the names are compared, and other tests open them with the other tool',
  },
  'object-identity': {
    what: '`uid`, `resourceVersion`, `generation`, `creationTimestamp`, `managedFields` of objects, and uids of owners',
    why: 'the API server sets them; kadm sends some objects once that kubeadm sends twice',
  },
  'object-status': { what: '`status` of objects', why: 'not made by either tool: kubelet and controllers write it as things go' },
  events: { what: 'Events', why: 'what happened on the way, at its time' },
  leases: { what: '`spec` of Leases', why: 'who leads since when' },
  endpoints: { what: 'Endpoints and EndpointSlices of Pods', why: 'controllers write them as Pods come and go' },
  'generated-names': {
    what: 'the random ends of generated names (Pods, EndpointSlices, their token volumes)',
    why: 'the API server and controllers make them up',
  },
  'pod-times': { what: 'the annotation `kubernetes.io/config.seen` of static Pods', why: 'when the kubelet saw the file' },
  'node-conditions': {
    what: 'taints `node.kubernetes.io/*` of the Node and their times',
    why: 'controllers set and take them as the node becomes ready',
  },
} as const satisfies Readonly<Record<string, { readonly what: string; readonly why: string }>>

export type AllowedDifference = keyof typeof allowedDifferences

/** Stands in the place of what may differ. There is no other way to pass over something: the reason is in the table. */
export function passedOver(difference: AllowedDifference, compared?: unknown): string {
  return `<${difference}${compared === undefined ? '' : `: ${String(compared)}`}>`
}

/** The table as Markdown. */
export function allowedDifferencesTable(): string {
  const rows = Object.values(allowedDifferences).map(({ what, why }) => `| ${what} | ${why} |`)
  return ['| what may differ | why |', '| --- | --- |', ...rows].join('\n')
}
