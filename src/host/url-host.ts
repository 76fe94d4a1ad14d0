/** The host in a URL as a socket or a certificate has it: an IPv6 address without its brackets. */
export function urlHost({ hostname }: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[|\]$/g, '')
}
