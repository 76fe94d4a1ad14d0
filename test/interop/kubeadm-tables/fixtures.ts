/** Files that cases of the tables name by `@name`: new keys in each run. */
import { createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { noAltNames } from '../../../src/pki/alt-names.ts'
import { issueCertificate, selfSignedCa } from '../../../src/pki/issue.ts'
import { newPrivateKey, privateKeyPem, publicKeyPem } from '../../../src/pki/keys.ts'
import { kubeconfigText } from '../../../src/pki/kubeconfig/kubeconfig-file.ts'

const day = 86_400_000
/** On a whole second, as certificates have it. */
const start = Math.floor(Date.now() / 1000) * 1000

export async function fixtures(): Promise<Readonly<Record<string, string>>> {
  const [key, otherKey, clientKey, ecKey] = [
    await newPrivateKey('RSA-2048'),
    await newPrivateKey('RSA-2048'),
    await newPrivateKey('RSA-2048'),
    await newPrivateKey('ECDSA-P256'),
  ]
  const [ca, other, ec] = [authority(key), authority(otherKey), authority(ecKey)]
  const client = leaf(clientKey, ca, key)
  const otherClient = leaf(clientKey, other, otherKey)
  const admin = kubeconfig(ca, client, clientKey)
  return {
    'ca.crt': ca,
    'ca.key': privateKeyPem(key),
    'ca.pub': publicKeyPem(key),
    'ca-pkcs8.key': pkcs8(key),
    'ca-half.crt': ca.slice(0, ca.length / 2),
    'ca-with-text.crt': `a line of text\n${ca}another\n`,
    'other-ca.key': privateKeyPem(otherKey),
    'old-ca.crt': authority(key, -20, -10),
    'future-ca.crt': authority(key, 1, 20),
    'bundle.crt': ca + other,
    'bundle-reversed.crt': other + ca,
    'ec-ca.crt': ec,
    'ec-ca.key': privateKeyPem(ecKey),
    'ec-ca-pkcs8.key': pkcs8(ecKey),
    'ed25519.key': pkcs8(generateKeyPairSync('ed25519').privateKey),
    'client.crt': client,
    'client.key': privateKeyPem(clientKey),
    'other-client.crt': otherClient,
    'other-client.key': privateKeyPem(clientKey),
    'admin.conf': admin,
    'other-admin.conf': kubeconfig(other, otherClient, clientKey),
    'no-context.conf': admin.replace(/current-context: .*/, 'current-context: ""'),
    'lost-context.conf': admin.replace(/current-context: .*/, 'current-context: lost'),
    'lost-cluster.conf': admin.replace('cluster: kubernetes', 'cluster: lost'),
    'no-ca.conf': admin.replace(/ +certificate-authority-data: .*\n/, ''),
    'ca-by-path.conf': admin.replace(/certificate-authority-data: .*/, 'certificate-authority: DIR/pki/ca.crt'),
    'ca-by-lost-path.conf': admin.replace(/certificate-authority-data: .*/, 'certificate-authority: DIR/pki/lost.crt'),
    'blank-lines.conf': kubeconfig(`\n\n${ca}\n\n`, client, clientKey),
    'other-server.conf': admin.replace(/server: .*/, 'server: https://192.0.2.99:1234'),
    'no-users.conf': admin.replace(/users:[^]*/, 'users: []\n'),
  }
}

/** Days from now. */
function authority(key: KeyObject, from = -1, to = 300): string {
  return selfSignedCa({ commonName: 'kubernetes', key, notBefore: new Date(start + from * day), notAfter: new Date(start + to * day) })
}

function leaf(key: KeyObject, ca: string, caKey: KeyObject): string {
  const validity = { notBefore: new Date(start - day), notAfter: new Date(start + 100 * day) }
  const subject = { commonName: 'kube-apiserver-kubelet-client', organizations: [] }
  return issueCertificate(
    { subject, usages: ['client'], altNames: noAltNames, key: createPublicKey(privateKeyPem(key)), ...validity },
    { certificate: new X509Certificate(ca), key: caKey },
  )
}

function kubeconfig(ca: string, certificate: string, key: KeyObject): string {
  return kubeconfigText({
    clusterName: 'kubernetes',
    server: 'https://192.168.77.10:6443',
    certificateAuthority: ca,
    userName: 'kubernetes-admin',
    user: { certificate, key },
  })
}

function pkcs8(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}
