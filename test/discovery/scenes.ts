/** What a joining node may meet behind the endpoint that it was given: each scene for kadm and for the real kubeadm. */
import { createHmac } from 'node:crypto'
import { parseKubeconfig } from '../../src/discovery/kubeconfig-cluster.ts'
import { clusterInfoKubeconfig } from '../../src/manifests/cluster-info.ts'
import { caHashes } from '../../src/pki/ca-hash.ts'
import { generateToken, parseToken } from '../../src/tokens/bootstrap-token.ts'
import { signWithToken } from '../../src/tokens/cluster-info-signature.ts'
import { configMap, endless, http, type Answer, type Behaviour } from './hostile-server.ts'
import { authority, leaf, type Authority, type Identity } from './identity.ts'

export type Verdict = 'accepted' | 'CA_HASH_MISMATCH' | 'DISCOVERY_UNTRUSTED' | 'DISCOVERY_FAILED'

export interface Scene {
  /** Behind `accepted` or a code, what the message must have. */
  readonly kadm: readonly [Verdict, RegExp?]
  /** kubeadm's, where it was asked: whether it goes on. */
  readonly kubeadm?: 'accepted' | 'refused'
  readonly make: (world: World) => Play | Promise<Play>
}

/** Without a field: as a good server and a good join have it. */
export interface Play {
  readonly token?: string
  readonly pins?: readonly string[]
  readonly skip?: boolean
  /** By this name instead of the address. */
  readonly host?: 'localhost'
  readonly allowUnpinned?: boolean
  readonly identity?: Behaviour['identity']
  readonly answer?: Answer
  /** PEM that must come out when accepted; default: the pinned CA. */
  readonly caPem?: string
}

/** A cluster with a CA and a token, and a stranger with a CA of its own. Fresh for each scene. */
export interface World {
  readonly port: number
  readonly token: string
  readonly ca: Authority
  readonly stranger: Authority
  readonly server: Identity
  readonly pin: string
  readonly strangersPin: string
  /** The text of the kubeconfig in a good cluster-info. */
  readonly kubeconfig: string
  /** cluster-info with this kubeconfig, signed. */
  readonly signed: (kubeconfig: string, token?: string) => Promise<Record<string, string>>
  readonly kubeconfigWith: (caPem: string, server?: string) => string
}

export function newWorld(port: number): World {
  const [ca, stranger, token] = [authority(), authority(), generateToken()]
  const kubeconfigWith = (caPem: string, server = `https://127.0.0.1:${port}`): string =>
    clusterInfoKubeconfig({ server, certificateAuthorityData: Buffer.from(caPem).toString('base64') })
  return {
    port,
    token,
    ca,
    stranger,
    server: leaf(ca),
    pin: caHashes(ca.pem)[0] ?? '',
    strangersPin: caHashes(stranger.pem)[0] ?? '',
    kubeconfig: kubeconfigWith(ca.pem),
    signed: async (kubeconfig, by = token) => ({
      kubeconfig,
      [`jws-kubeconfig-${parseToken(token).id}`]: await signWithToken(kubeconfig, by),
    }),
    kubeconfigWith,
  }
}

const no = (code: Exclude<Verdict, 'accepted'>, message: RegExp) => [code, message] as const
const wrongSignature = no('DISCOVERY_UNTRUSTED', /the signature of cluster-info at .* was not made with token/)
const untrusted = no('DISCOVERY_UNTRUSTED', /the certificate of .* cannot be trusted/)

/** The first connection gets the one, all later ones the other. */
const first =
  <T>(one: T, other: T) =>
  (connection: number): T =>
    connection === 1 ? one : other

const byTurn =
  (one: Answer, other: Answer): Answer =>
  (stream, connection) =>
    first(one, other)(connection)(stream, connection)

/** cluster-info with a part of its kubeconfig changed after it was signed. */
async function changed({ signed, kubeconfig }: World, change: (text: string) => string): Promise<Play> {
  const text = change(kubeconfig)
  if (text === kubeconfig) throw new Error('nothing was changed')
  return { answer: configMap({ ...(await signed(kubeconfig)), kubeconfig: text }) }
}

async function withSignature({ signed, kubeconfig, token }: World, signature: string): Promise<Play> {
  return { answer: configMap({ ...(await signed(kubeconfig)), [`jws-kubeconfig-${parseToken(token).id}`]: signature }) }
}

const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url')

export const goodScenes: Readonly<Record<string, Scene>> = {
  'all is well': { kadm: ['accepted'], kubeadm: 'accepted', make: () => ({}) },
  'the hash in upper case': { kadm: ['accepted'], kubeadm: 'accepted', make: ({ pin }) => ({ pins: [pin.toUpperCase()] }) },
  'two hashes, the second fits': {
    kadm: ['accepted'],
    kubeadm: 'accepted',
    make: ({ pin, strangersPin }) => ({ pins: [strangersPin, pin] }),
  },
  'by name': {
    kadm: ['accepted'],
    kubeadm: 'accepted',
    make: ({ ca }) => ({ host: 'localhost', identity: () => leaf(ca, { dnsNames: ['localhost'] }) }),
  },
  'no hash, verification skipped': { kadm: ['accepted'], kubeadm: 'accepted', make: () => ({ pins: [], skip: true }) },
  'a bundle, all of it pinned': {
    kadm: ['accepted'],
    kubeadm: 'accepted',
    make: async ({ ca, stranger, pin, strangersPin, signed, kubeconfigWith }) => ({
      pins: [pin, strangersPin],
      caPem: stranger.pem + ca.pem,
      answer: configMap(await signed(kubeconfigWith(stranger.pem + ca.pem))),
    }),
  },
  'a bundle with a stranger, allowed by name': {
    kadm: ['accepted'],
    make: async ({ ca, stranger, signed, kubeconfigWith }) => ({
      allowUnpinned: true,
      caPem: stranger.pem + ca.pem,
      answer: configMap(await signed(kubeconfigWith(stranger.pem + ca.pem))),
    }),
  },
  // What OpenSSL would read as a certificate and Go would not: it must not reach a file.
  'a stranger under another label': {
    kadm: ['accepted'],
    make: async ({ ca, stranger, signed, kubeconfigWith }) => ({
      answer: configMap(await signed(kubeconfigWith(ca.pem + stranger.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')))),
    }),
  },
  'somebody passes on the first answer under a certificate of his own': {
    kadm: ['accepted'],
    kubeadm: 'accepted',
    make: ({ server, stranger }) => ({ identity: first(leaf(stranger), server) }),
  },
  'a balancer: the second connection gets another server of the same cluster': {
    kadm: ['accepted'],
    kubeadm: 'accepted',
    make: ({ server, ca }) => ({ identity: first(server, leaf(ca)) }),
  },
  'the signature comes with the third answer': {
    kadm: ['accepted'],
    make: async ({ signed, kubeconfig }) => {
      const good = configMap(await signed(kubeconfig))
      return { answer: (stream, connection) => (connection < 3 ? configMap({ kubeconfig }) : good)(stream, connection) }
    },
  },
  'refused, unknown and not ready at first': {
    kadm: ['accepted'],
    make: async ({ signed, kubeconfig }) => {
      const answers = [http(403, '{}'), http(404, '{}'), http(503, 'starting')]
      const good = configMap(await signed(kubeconfig))
      return { answer: (stream, connection) => (answers[connection - 1] ?? good)(stream, connection) }
    },
  },
}

export const refusedScenes: Readonly<Record<string, Scene>> = {
  'wrong hash': {
    kadm: no('CA_HASH_MISMATCH', /is not the one that was meant/),
    kubeadm: 'refused',
    make: ({ strangersPin }) => ({ pins: [strangersPin] }),
  },
  'wrong hash, verification skipped': {
    kadm: no('CA_HASH_MISMATCH', /is not the one that was meant/),
    kubeadm: 'refused',
    make: ({ strangersPin }) => ({ pins: [strangersPin], skip: true }),
  },
  'alg none': { kadm: wrongSignature, kubeadm: 'refused', make: (world) => withSignature(world, `${base64url('{"alg":"none"}')}..`) },
  HS512: {
    kadm: wrongSignature,
    kubeadm: 'refused',
    make: (world) => {
      const { id, secret } = parseToken(world.token)
      const header = base64url(JSON.stringify({ alg: 'HS512', kid: id }))
      const mac = createHmac('sha512', secret)
        .update(`${header}.${base64url(world.kubeconfig)}`)
        .digest()
      return withSignature(world, `${header}..${base64url(mac)}`)
    },
  },
  "another token's signature": {
    kadm: wrongSignature,
    kubeadm: 'refused',
    make: async ({ signed, kubeconfig }) => ({ answer: configMap(await signed(kubeconfig, generateToken())) }),
  },
  "right id, another token's secret": {
    kadm: wrongSignature,
    kubeadm: 'refused',
    make: ({ token }) => ({ token: `${parseToken(token).id}.${parseToken(generateToken()).secret}` }),
  },
  'one byte of the server changed': {
    kadm: wrongSignature,
    kubeadm: 'refused',
    make: (world) => changed(world, (text) => text.replace('127.0.0.1', '127.0.0.2')),
  },
  'one byte of the CA changed': {
    kadm: wrongSignature,
    kubeadm: 'refused',
    make: (world) => changed(world, (text) => text.replace('data: LS0tLS1C', 'data: LS0tLS1D')),
  },
  'order of keys changed': {
    kadm: wrongSignature,
    kubeadm: 'refused',
    make: (world) => changed(world, (text) => JSON.stringify(Object.fromEntries(Object.entries(parseKubeconfig(text)).toReversed()))),
  },
  'a blank more at the end': { kadm: wrongSignature, kubeadm: 'refused', make: (world) => changed(world, (text) => `${text} `) },
  'the second connection is another cluster': {
    kadm: untrusted,
    kubeadm: 'refused',
    make: ({ server, stranger }) => ({ identity: first(server, leaf(stranger)) }),
  },
  'a CA of the same name, but not its key': {
    kadm: untrusted,
    kubeadm: 'refused',
    make: ({ stranger }) => ({ identity: () => leaf(stranger) }),
  },
  'the certificate is for another address': {
    kadm: untrusted,
    kubeadm: 'refused',
    make: ({ ca }) => ({ identity: () => leaf(ca, { addresses: ['10.0.0.1'] }) }),
  },
  'the certificate has only a common name': {
    kadm: untrusted,
    kubeadm: 'refused',
    make: ({ ca }) => ({ host: 'localhost', identity: () => leaf(ca, { commonName: 'localhost', addresses: [] }) }),
  },
  'the certificate of a user of the cluster': {
    kadm: untrusted,
    kubeadm: 'refused',
    make: ({ ca }) => ({ identity: () => leaf(ca, { usages: ['client'] }) }),
  },
  'the certificate has expired': {
    kadm: untrusted,
    kubeadm: 'refused',
    make: ({ ca }) => ({ identity: () => leaf(ca, { notAfter: new Date(Date.now() - 60_000) }) }),
  },
  'the second answer is another': {
    kadm: no('DISCOVERY_UNTRUSTED', /has another cluster-info than the first answer/),
    kubeadm: 'refused',
    make: async ({ ca, signed, kubeconfig, kubeconfigWith }) => ({
      answer: byTurn(configMap(await signed(kubeconfig)), configMap(await signed(kubeconfigWith(ca.pem, 'https://127.0.0.2:6443')))),
    }),
  },
  'the second answer has no kubeconfig': {
    kadm: no('DISCOVERY_UNTRUSTED', /has another cluster-info than the first answer/),
    make: async ({ signed, kubeconfig }) => {
      const good = await signed(kubeconfig)
      return { answer: byTurn(configMap(good), configMap({ ...good, kubeconfig: '' })) }
    },
  },
  'a stranger in the bundle': {
    kadm: no('CA_HASH_MISMATCH', /names 2 CAs, and no hash was given for sha256:/),
    kubeadm: 'accepted',
    make: async ({ ca, stranger, signed, kubeconfigWith }) => ({ answer: configMap(await signed(kubeconfigWith(stranger.pem + ca.pem))) }),
  },
  'only the stranger in the bundle is pinned': {
    kadm: no('CA_HASH_MISMATCH', /names 2 CAs/),
    kubeadm: 'accepted',
    make: async ({ ca, stranger, strangersPin, signed, kubeconfigWith }) => ({
      pins: [strangersPin],
      answer: configMap(await signed(kubeconfigWith(ca.pem + stranger.pem))),
    }),
  },
  'a cluster whose server is http': {
    kadm: no('DISCOVERY_UNTRUSTED', /must be https/),
    make: async ({ ca, port, signed, kubeconfigWith }) => ({
      answer: configMap(await signed(kubeconfigWith(ca.pem, `http://127.0.0.1:${port}`))),
    }),
  },
  'signed, but no YAML': {
    kadm: no('DISCOVERY_UNTRUSTED', /cannot be used: not valid YAML/),
    kubeadm: 'refused',
    make: async ({ signed }) => ({ answer: configMap(await signed('{{')) }),
  },
  'signed, but no cluster': {
    kadm: no('DISCOVERY_UNTRUSTED', /cannot be used: no context/),
    kubeadm: 'refused',
    make: async ({ signed }) => ({ answer: configMap(await signed('kind: Config\napiVersion: v1\n')) }),
  },
  'signed, but the CA is none': {
    kadm: no('DISCOVERY_UNTRUSTED', /cannot be used: it holds no certificate/),
    kubeadm: 'refused',
    make: async ({ signed, kubeconfigWith }) => ({ answer: configMap(await signed(kubeconfigWith('not PEM'))) }),
  },
  'signed, but the CA is not base64': {
    kadm: no('DISCOVERY_UNTRUSTED', /certificate-authority-data is not base64/),
    make: async ({ signed, kubeconfig }) => ({ answer: configMap(await signed(kubeconfig.replace('LS0tLS1C', 'LS0-tLS1C'))) }),
  },
  'no CA at all, verification skipped': {
    kadm: no('DISCOVERY_UNTRUSTED', /cannot be used: it holds no certificate/),
    kubeadm: 'refused',
    make: async ({ signed, kubeconfigWith }) => ({ pins: [], skip: true, answer: configMap(await signed(kubeconfigWith(''))) }),
  },
  'a redirect to a place that answers well': {
    kadm: no('DISCOVERY_UNTRUSTED', /answers with a redirect/),
    kubeadm: 'accepted',
    make: async ({ port, signed, kubeconfig }) => ({
      answer: byTurn(http(302, '', { location: `https://127.0.0.1:${port}/elsewhere` }), configMap(await signed(kubeconfig))),
    }),
  },
}

/** What may change while one waits: asked again until the time is up. */
export const neverScenes: Readonly<Record<string, Scene>> = {
  'no signature by this token': {
    kadm: no('DISCOVERY_FAILED', /it has no signature by token/),
    kubeadm: 'refused',
    make: ({ kubeconfig }) => ({ answer: configMap({ kubeconfig, 'jws-kubeconfig-abcdef': 'x' }) }),
  },
  'an empty signature': {
    kadm: no('DISCOVERY_FAILED', /it has no signature by token/),
    kubeadm: 'refused',
    make: (world) => withSignature(world, ''),
  },
  'data from the prototype': {
    kadm: no('DISCOVERY_FAILED', /it has no signature/),
    make: () => ({ answer: http(200, '{"kind":"ConfigMap","data":{"__proto__":{"kubeconfig":"x"}}}') }),
  },
  'plain http': {
    kadm: no('DISCOVERY_FAILED', /does not speak TLS/),
    kubeadm: 'refused',
    make: () => ({ identity: () => undefined, answer: http(200, '{}') }),
  },
  'an answer of 1 GB': {
    kadm: no('DISCOVERY_FAILED', /larger than 8 MiB/),
    make: () => ({
      answer: endless('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n', () => ' '.repeat(65_536), { limit: 1 << 30 }),
    }),
  },
  'one byte a second': {
    kadm: no('DISCOVERY_FAILED', /no answer in time/),
    make: () => ({ answer: endless('HTTP/1.1 200 OK\r\n\r\n', () => ' ', { pause: 1000 }) }),
  },
  'headers that never end': {
    kadm: no('DISCOVERY_FAILED', /Header overflow/i),
    make: () => ({ answer: endless('HTTP/1.1 200 OK\r\n', () => `x-a: ${'b'.repeat(1000)}\r\n`) }),
  },
  'a connection that says nothing': { kadm: no('DISCOVERY_FAILED', /no answer in time/), make: () => ({ answer: () => undefined }) },
  'a connection that is cut': {
    kadm: no('DISCOVERY_FAILED', /aborted|hang up|ECONNRESET/),
    make: () => ({ answer: (stream) => void (stream.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{'), stream.destroy()) }),
  },
  'an empty answer': { kadm: no('DISCOVERY_FAILED', /the answer is not a ConfigMap/), make: () => ({ answer: http(200, '') }) },
  'no JSON': {
    kadm: no('DISCOVERY_FAILED', /the answer is not a ConfigMap/),
    kubeadm: 'refused',
    make: () => ({ answer: http(200, '{"kind":"ConfigMap","data":{') }),
  },
  'JSON of another form': {
    kadm: no('DISCOVERY_FAILED', /the answer is not a ConfigMap/),
    make: () => ({ answer: http(200, '{"kind":"ConfigMap","data":["x"]}') }),
  },
  'no rights': {
    kadm: no('DISCOVERY_FAILED', /the answer is HTTP 403/),
    kubeadm: 'refused',
    make: () => ({ answer: http(403, '{"kind":"Status","code":403}') }),
  },
}
