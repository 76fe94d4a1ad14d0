/**
 * The signatures in the ConfigMap kube-public/cluster-info: a node that knows a token's secret can tell that who wrote the kubeconfig
 * knew it too.
 * Detached JWS (RFC 7515, appendix F), HS256, the key id is the token's id. Source: kube-controller-manager's bootstrapsigner.
 */
import { timingSafeEqual } from 'node:crypto'
import { parseToken } from './bootstrap-token.ts'

export const signatureKeyPrefix = 'jws-kubeconfig-'

/** Of the exact text of the ConfigMap's `kubeconfig`, by one token (`abcdef.0123456789abcdef`): `<header>..<signature>`. */
export async function signWithToken(kubeconfig: string, token: string): Promise<string> {
  const { id, secret } = parseToken(token)
  const { FlattenedSign } = await import('jose/jws/flattened/sign')
  const signer = new FlattenedSign(Buffer.from(kubeconfig)).setProtectedHeader({ alg: 'HS256', kid: id })
  const { protected: header, signature } = await signer.sign(Buffer.from(secret))
  return `${header}..${signature}`
}

/** What the controller-manager would add some seconds later, one for each token made for signing: `{ 'jws-kubeconfig-abcdef': … }`. */
export async function signClusterInfo(
  kubeconfig: string,
  tokens: readonly { readonly token: string; readonly usages: readonly string[] }[],
): Promise<Readonly<Record<string, string>>> {
  const signing = tokens.filter(({ usages }) => usages.includes('signing'))
  const entries = signing.map(
    async ({ token }) => [signatureKeyPrefix + parseToken(token).id, await signWithToken(kubeconfig, token)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

/** Is this the signature of exactly this text by this token? */
export async function isSignedBy(kubeconfig: string, signature: string, token: string): Promise<boolean> {
  const expected = Buffer.from(await signWithToken(kubeconfig, token))
  const given = Buffer.from(signature)
  return expected.length === given.length && timingSafeEqual(expected, given)
}
