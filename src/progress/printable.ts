/**
 * Text on its way to a terminal, of which hosts, journals and the cluster may have written parts: it must not steer the terminal. At the
 * text, not at the stream: what redraws the screen needs its orders.
 */
import { redact } from '../host/redact.ts'

/** Without secrets. Tabs and newlines stay. */
export function printable(text: string): string {
  return withoutControls(redact(text))
}

/** Without secrets, and in one line: behind a newline a host could put what looks like a line of another one. */
export function printableLine(text: string): string {
  return oneLine(redact(text))
}

/** For text in which a secret is meant to be seen. Tabs and newlines stay. */
export function withoutControls(text: string): string {
  return text.replaceAll(/(?![\t\n])\p{Cc}/gu, '\uFFFD')
}

/** Ends without a newline. JSON itself lets DEL and what is behind it stand as it is. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(/\p{Cc}/gu, (character) =>
    character === '\n' ? character : jsonEscape(character),
  )
}

/** As in a string of JSON: `\u009b`. */
export function jsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}
