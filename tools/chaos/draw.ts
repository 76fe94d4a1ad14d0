/** What happens in a run: all of it follows from its seed. */
import { applies, hostsOf, type ApplyName } from './applies.ts'
import { chances } from './chances.ts'
import type { Victim } from './faults.ts'

export interface Draw extends Victim {
  readonly seed: number
  readonly apply: ApplyName
  readonly fault: 'kill' | 'power' | 'link' | 'disk'
  /** When it strikes: a share of the time that an unbroken apply takes. */
  readonly moment: number
  /** Seconds until all is well again. */
  readonly lasts: number
}

/** Mostly from bare hosts. */
export const usualApplies: Choice<ApplyName> = ['make', 'make', 'make', 'grow', 'grow', 'shrink', 'control-planes']

type Choice<T> = readonly [T, ...T[]]

const kinds: Choice<Draw['fault']> = ['kill', 'power', 'link', 'disk']

export function draw(seed: number, among: Choice<ApplyName>): Draw {
  const { between, pick } = chances(seed)
  const apply = pick(among)
  const fault = pick(kinds)
  const [first = 'h1', ...others] = hostsOf(applies[apply])
  return {
    seed,
    apply,
    fault,
    host: pick([first, ...others]),
    moment: between(0, 1),
    lasts: between(1, 8),
    pagesLeft: Math.floor(between(0, 4)),
  }
}

export function drawText({ seed, apply, fault, host, moment, lasts }: Draw): string {
  const what = { kill: 'kadm killed', power: `power of ${host} cut`, link: `link of ${host} cut`, disk: `disk of ${host} full` }[fault]
  return `seed ${seed}: ${apply}, ${what} at ${Math.round(moment * 100)} %${fault === 'kill' ? '' : ` for ${lasts.toFixed(1)} s`}`
}
