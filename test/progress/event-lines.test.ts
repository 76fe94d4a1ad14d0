/** What docs/events.md says of the fields of an event, which is made from these tables. */
import { expect, test } from 'vitest'
import { actionWork } from '../../src/fleet/apply/run-action.ts'
import { everyEventHas } from '../../src/progress/event-lines.ts'

test('every action of an apply is named, and no phase as one', () => {
  const actions = /the action \((.*)\), or/.exec(everyEventHas['phase']?.doc ?? '')?.[1]?.match(/[\w-]+(?=`)/g)
  expect(actions).toEqual(expect.arrayContaining([...Object.keys(actionWork), 'lease', 'reset', 'undo']))
  expect(actions).not.toContain('network')
})
