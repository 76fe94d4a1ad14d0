/** Machines that were made from one image and not told apart. Pure. */
import type { Findings } from '../../preflight/check.ts'

export interface TwinQuestion<T> {
  /** Empty where it is not known, which makes no twin. */
  readonly valueOf: (one: T) => string
  readonly textOf: (value: string, group: readonly T[]) => string
}

/** An error where one of them is about to get a node; members that have always been twins are a warning. */
export function twinFindings<T extends { readonly arrives: boolean }>(hosts: readonly T[], { valueOf, textOf }: TwinQuestion<T>): Findings {
  const groups = [...Map.groupBy(hosts, valueOf)].filter(([value, group]) => value !== '' && group.length > 1)
  const texts = (isError: boolean): readonly string[] =>
    groups.filter(([, group]) => group.some(({ arrives }) => arrives) === isError).map(([value, group]) => textOf(value, group))
  return { errors: texts(true), warnings: texts(false) }
}
