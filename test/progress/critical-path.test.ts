import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { criticalPath, type Work } from '../../src/progress/critical-path.ts'

/** `a 0-3`, `b 1-4 < a`: from 1 to 4, after `a`. */
function works(...lines: readonly string[]): readonly Work[] {
  return lines.map((line) => {
    const [, key = '', begin = '', end = '', needs = ''] = /^(\w+) ([\d.]+)-([\d.]+)(?: < (.*))?$/.exec(line) ?? []
    return { key, begin: Number(begin), end: Number(end), needs: needs.split(' ').filter((need) => need !== '') }
  })
}

function path(last: string, ...lines: readonly string[]): string {
  return criticalPath(works(...lines), last, 0)
    .map(({ key, begin, end }) => `${key} ${begin}-${end}`)
    .join(', ')
}

describe('graphs whose answer is known', () => {
  test('a chain is its own path', () => {
    expect(path('c', 'a 0-1', 'b 1-3 < a', 'c 3-6 < b')).toBe('a 0-1, b 1-3, c 3-6')
  })

  test('of two branches the one that ended last, however long the other', () => {
    expect(path('d', 'a 0-1', 'long 1-5 < a', 'late 3-6 < a', 'd 6-7 < long late')).toBe('a 0-1, late 1-6, d 6-7')
  })

  test('what was waited for while it ran: only what lies behind its end is its own', () => {
    expect(path('join', 'api 0-5', 'join 1-7 < api')).toBe('api 0-5, join 5-7')
  })

  test('a need that ended after it is none of its reasons', () => {
    expect(path('b', 'a 0-2', 'b 2-4 < a slow', 'slow 0-9')).toBe('a 0-2, b 2-4')
  })

  test('time before a begin that nothing explains belongs to what begins late', () => {
    expect(path('b', 'a 1-2', 'b 3-4 < a')).toBe('a 0-2, b 2-4')
  })

  test('needs of no length pass their own needs on', () => {
    expect(path('c', 'a 0-3', 'skipped 3-3 < a', 'c 3-4 < skipped')).toBe('a 0-3, c 3-4')
  })

  test('two that wait for each other in turn', () => {
    expect(path('end', 'a 0-4 < b', 'b 0-4 < a', 'end 4-5 < a b')).toBe('b 0-4, end 4-5')
  })

  test('needs that are not there count for nothing', () => {
    expect(path('a', 'a 0-2 < gone')).toBe('a 0-2')
  })
})

/**
 * Some works, each of which needs some of those before; the last needs all. `slack`: how long after its needs each begins; negative: it
 * waits for them inside.
 */
const graphs = fc
  .array(
    fc.record({
      length: fc.integer({ min: 0, max: 20 }),
      needs: fc.array(fc.nat(), { maxLength: 4 }),
      slack: fc.integer({ min: -5, max: 5 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((seeds) => {
    const made: { readonly key: string; readonly begin: number; readonly end: number; readonly needs: readonly string[] }[] = []
    for (const [index, { length, needs, slack }] of seeds.entries()) {
      const after = index === 0 ? [] : needs.flatMap((need) => made[need % index] ?? [])
      const ready = Math.max(0, ...after.map(({ end }) => end))
      const begin = Math.max(0, ready + slack)
      made.push({ key: `w${index}`, begin, end: Math.max(begin + length, ready), needs: after.map(({ key }) => key) })
    }
    const end = Math.max(...made.map((one) => one.end))
    return [...made, { key: 'end', begin: end, end: end + 1, needs: made.map(({ key }) => key) }]
  })

test('the path is contiguous and as long as the whole, each step before the next is one of its needs', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const byKey = new Map(graph.map((work) => [work.key, work]))
      const steps = criticalPath(graph, 'end', 0)
      expect(steps[0]?.begin ?? 0).toBe(0)
      expect(steps.at(-1)?.end).toBe(byKey.get('end')?.end)
      for (const [index, step] of steps.entries()) {
        const next = steps[index + 1]
        expect(step.end).toBeGreaterThan(step.begin)
        expect(step.end).toBeLessThanOrEqual(byKey.get(step.key)?.end ?? 0)
        if (next === undefined) continue
        expect(next.begin).toBe(step.end)
        expect(reaches(byKey, next.key, step.key)).toBe(true)
      }
      expect(steps.reduce((sum, { begin, end }) => sum + end - begin, 0)).toBe(byKey.get('end')?.end)
    }),
  )
})

test('where each begins with the end of its last need, it is the longest chain', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const timed = new Map<string, Work>()
      for (const { key, begin, end, needs } of graph) {
        const start = Math.max(0, ...needs.map((need) => timed.get(need)?.end ?? 0))
        timed.set(key, { key, begin: start, end: start + end - begin, needs })
      }
      const longest = (key: string): number => {
        const work = timed.get(key)
        return work === undefined ? 0 : work.end - work.begin + Math.max(0, ...work.needs.map(longest))
      }
      const steps = criticalPath([...timed.values()], 'end', 0)
      for (const { key, begin, end } of steps) expect({ begin, end }).toEqual({ begin: timed.get(key)?.begin, end: timed.get(key)?.end })
      // All chains would be too many for the larger graphs.
      if (graph.length <= 12) expect(steps.reduce((sum, { begin, end }) => sum + end - begin, 0)).toBe(longest('end'))
    }),
  )
})

/** By needs, where those in between have no length. */
function reaches(byKey: ReadonlyMap<string, Work>, from: string, to: string, seen = new Set<string>()): boolean {
  if (seen.has(from)) return false
  seen.add(from)
  const needs = byKey.get(from)?.needs ?? []
  return needs.includes(to) || needs.some((need) => byKey.get(need)?.end === byKey.get(to)?.end && reaches(byKey, need, to, seen))
}
