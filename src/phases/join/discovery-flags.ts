/** Flags by which a phase finds the cluster; a phase that has them takes the endpoint as its argument too. */
export const discoveryFlags = [
  'discovery-file',
  'discovery-token',
  'discovery-token-ca-cert-hash',
  'discovery-token-unsafe-skip-ca-verification',
  'discovery-unsafe-allow-insecure-file',
  'discovery-unsafe-allow-unpinned-ca',
  'tls-bootstrap-token',
  'token',
] as const

export const endpointArgument = '[api-server-endpoint]'
