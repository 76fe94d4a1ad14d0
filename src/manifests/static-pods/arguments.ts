import type { Argument } from '../../config/model.ts'

/** Arguments that kubeadm gives to a component, by flag name without dashes. `undefined`: the flag is not set. */
export type BaseArguments = Readonly<Record<string, string | undefined>>

/**
 * The `--name=value` list of a component: kubeadm's own flags sorted by name, without those that the user names too, then the user's in
 * the user's order. A user may give a flag more than once.
 */
export function componentArguments(base: BaseArguments, overrides: readonly Argument[]): string[] {
  const overridden = new Set(overrides.map(({ name }) => name))
  const kept = Object.keys(base)
    .filter((name) => base[name] !== undefined && !overridden.has(name))
    .toSorted(byCodeUnit)
  return [...kept.map((name) => `--${name}=${base[name]}`), ...overrides.map(({ name, value }) => `--${name}=${value}`)]
}

/** The value that counts when a flag is given more than once: the last one, as the components' own flag parsers take it. */
export function lastArgument(list: readonly Argument[], name: string): string | undefined {
  return list.findLast((argument) => argument.name === name)?.value
}

/** The order of Go's `sort.Strings`, whatever the locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
