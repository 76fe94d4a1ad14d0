import { KadmError } from '../errors.ts'
import type { UnverifiedServer } from '../host/http-get.ts'

/** DISCOVERY_UNTRUSTED for a server (a URL) whose certificate does not show that it is the one that is meant. */
export function unverifiedServer(server: string, error: UnverifiedServer): KadmError {
  const { host } = new URL(server)
  const show = `openssl s_client -connect ${host.includes(':') ? host : `${host}:443`} -showcerts </dev/null`
  return new KadmError('DISCOVERY_UNTRUSTED', `the certificate of "${server}" cannot be trusted: ${error.message}`, {
    remedy: [hint(error.code), `${show}   # shows what it presents`],
    cause: error,
  })
}

function hint(code: string): string {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return 'date -u   # is the clock of this host right? Else renew the certificate: kadm certs renew all --restart'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'reach it by a name or address that its certificate has, or add this one to apiServer.certSANs of the cluster'
  return 'kadm token create --print-join-command   # on a control plane: is this the right cluster, and does nobody stand between?'
}
