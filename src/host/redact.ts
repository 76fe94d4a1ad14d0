/** Takes secrets out of text that is going to be shown, logged or put into an error. */

/**
 * Bootstrap tokens (the id stays: it is public), PEM private keys, certificate keys (64 hex digits), the private keys of kubeconfigs and the
 * passwords of URLs, as those of proxies may have one.
 * Repeating it changes nothing. A CA hash (`sha256:` and 64 hex digits) is public and stays.
 */
export function redact(text: string): string {
  return (
    text
      .replace(/-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, '-----BEGIN $1----- [redacted]')
      .replace(/(["']?(?:client-key-data|tls\.key)["']?\s*[:=]\s*["']?)[A-Za-z0-9+/_-]+=*/g, '$1[redacted]')
      // base64 of "-----BEGIN": a PEM file somewhere in the text. What follows as "CERT" is public.
      .replace(/\bLS0tLS1CRUdJTiB(?!DRVJUSUZJQ0FUR)[A-Za-z0-9+/]+=*/g, '[redacted]')
      .replace(/(?<![A-Za-z0-9])([a-z0-9]{6})\.[a-z0-9]{16}(?![A-Za-z0-9])/g, '$1.[redacted]')
      .replace(/(?<![A-Za-z0-9:])[0-9a-fA-F]{64}(?![A-Za-z0-9])/g, '[redacted]')
      .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*):[^\s/"]+@/gi, '$1:[redacted]@')
  )
}
