/** What Kubernetes takes for labels and taints; source: apimachinery's validation. */
import { isObject, type Json } from '../json.ts'
import { clip } from './checks.ts'
import { isSubdomain } from './endpoint.ts'

/** Kubernetes' IsQualifiedName: what the key of a label or taint may be, with an optional DNS prefix. */
export function qualifiedNameProblem(text: string): string | undefined {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2) return 'more than one "/"'
  if (parts.length === 2 && !isSubdomain(parts[0] ?? '')) return 'the part before "/" is no DNS name'
  if (name.length > 63) return 'it has more than 63 characters'
  return form.test(name) ? undefined : 'it must be letters, digits, "-", "_" or ".", with a letter or digit at both ends'
}

export function labelsProblems(labels: Json): readonly string[] {
  return Object.entries(isObject(labels) ? labels : {}).flatMap(([key, value]) => [
    ...keyProblems(key),
    ...(typeof value === 'string' ? labelValueProblems(value) : []),
  ])
}

export function keyProblems(key: string): readonly string[] {
  const problem = qualifiedNameProblem(key)
  return problem === undefined ? [] : [`"${clip(key)}" is not a key such as example.com/disk: ${problem}`]
}

/** Of a label or taint; it may be empty. */
export function labelValueProblems(value: string): readonly string[] {
  return value === '' || (value.length <= 63 && form.test(value))
    ? []
    : [`"${clip(value)}" is not a value: at most 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends`]
}

/** A Node may have many taints of a key, each with its own effect. */
export function taintsProblems(taints: Json): readonly string[] {
  const names = (Array.isArray(taints) ? taints : []).flatMap((taint: Json) =>
    isObject(taint) ? [`${String(taint['key'] ?? '')}:${String(taint['effect'] ?? '')}`] : [],
  )
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return Array.from(twice, (name) => `"${clip(name)}" is there more than once`)
}

const form = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
