/**
 * A catalogue of translated messages, as gettext reads it: the GNU MO file format (gnu.org/software/gettext/manual, "MO Files"), without
 * its hash table.
 */
export function messageCatalog(messages: Readonly<Record<string, string>>): Buffer {
  const sorted = Object.entries({ '': 'Content-Type: text/plain; charset=UTF-8\n', ...messages }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const texts = [...sorted.map(([original]) => original), ...sorted.map(([, translated]) => translated)].map((text) =>
    Buffer.from(`${text}\0`),
  )
  const header = 28
  const numbers = [0x950412de, 0, sorted.length, header, header + 8 * sorted.length, 0, header]
  let offset = header + 8 * texts.length
  for (const text of texts) {
    numbers.push(text.length - 1, offset)
    offset += text.length
  }
  const words = Buffer.alloc(4 * numbers.length)
  numbers.forEach((number, index) => words.writeUInt32LE(number, 4 * index))
  return Buffer.concat([words, ...texts])
}
