/** What people get wrong in a file, done to random places of good documents. */
import fc from 'fast-check'

type Node = Record<string, unknown>

/** One mistake in one of the documents: a name that is none, a value of another type, a null, a wrong head. */
export function withMistake(documents: readonly object[]): fc.Arbitrary<readonly object[]> {
  const copy = structuredClone(documents) as Node[]
  const places = copy.flatMap((document) => objectsIn(document))
  return fc.tuple(fc.nat({ max: 1_000_000 }), fc.nat({ max: 1_000_000 }), fc.constantFrom(...mistakes)).map(([at, which, mistake]) => {
    const changed = structuredClone(copy)
    const target = changed.flatMap((document) => objectsIn(document))[at % places.length] ?? {}
    const names = Object.keys(target)
    mistake(target, names[which % Math.max(names.length, 1)] ?? 'nothing')
    return changed
  })
}

const mistakes: readonly ((target: Node, name: string) => void)[] = [
  (target, name) => rename(target, name, name.charAt(0).toUpperCase() + name.slice(1)),
  (target, name) => rename(target, name, `${name}s`),
  (target, name) => void (target[name] = null),
  (target, name) => void (target[name] = wrongType(target[name])),
  (target, name) => void (target[name] = wrongType(target[name])),
  (target) => void (target['somethingElse'] = { a: [1] }),
]

/** The head stays: kubeadm finds it in any case, and then reads it in none. */
function rename(target: Node, from: string, to: string): void {
  if (from === 'apiVersion' || from === 'kind') return
  target[to] = target[from]
  delete target[from]
}

function wrongType(value: unknown): unknown {
  if (typeof value === 'string') return value.length % 2 === 0 ? 17 : ['x']
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 'true' : 0
  return Array.isArray(value) ? { a: 'b' } : 'text'
}

/** All objects of a document, itself first. */
function objectsIn(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (typeof value !== 'object' || value === null) return []
  return [value as Node, ...Object.values(value).flatMap(objectsIn)]
}
