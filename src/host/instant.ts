/** RFC 3339, UTC, whole seconds (cut, not rounded), as Go writes it. */
export function instant(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}
