/** Whether one certificate vouches for another, as Go's verifier sees it. */
import type { X509Certificate } from 'node:crypto'
import { instant } from '../host/instant.ts'

/**
 * Why the leaf is not to be trusted by whoever trusts the root at this time; `undefined` when it is. Intermediates stand behind the leaf in
 * its file. Key ids do not count, since a CA that was signed anew may have another for the same key.
 */
export function chainProblem(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  root: X509Certificate,
  now: Date,
): string | undefined {
  const own = periodProblem(leaf, now)
  if (own !== undefined) return `it ${own}`
  if (leaf.raw.equals(root.raw)) return undefined
  const signers = [root, ...intermediates].filter((candidate) => isSignedBy(leaf, candidate))
  if (signers.length === 0) return `the CA "${commonNameOf(root)}" has not signed it`
  const problems = signers.map((signer) => signerProblem(signer, intermediates, root, now))
  return problems.includes(undefined) ? undefined : problems[0]
}

/** `has expired at ...`, `is not valid before ...`. */
export function periodProblem(certificate: X509Certificate, now: Date): string | undefined {
  if (now < certificate.validFromDate) return `is not valid before ${instant(certificate.validFromDate)}`
  if (now > certificate.validToDate) return `has expired at ${instant(certificate.validToDate)}`
  return undefined
}

/** Name and signature fit. */
function isSignedBy(certificate: X509Certificate, signer: X509Certificate): boolean {
  if (certificate.issuer !== signer.subject) return false
  try {
    return certificate.verify(signer.publicKey)
  } catch {
    return false // a key of another kind
  }
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject
}

function signerProblem(
  signer: X509Certificate,
  intermediates: readonly X509Certificate[],
  root: X509Certificate,
  now: Date,
): string | undefined {
  const name = commonNameOf(signer)
  if (!signer.ca) return `its signer "${name}" is not a CA`
  const expired = periodProblem(signer, now)
  if (expired !== undefined) return `its CA "${name}" ${expired}`
  if (signer.raw.equals(root.raw)) return undefined
  return chainProblem(
    signer,
    intermediates.filter((other) => other !== signer),
    root,
    now,
  )
}
