/** The probe alone, with a server that three requests find well; no cluster takes part. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from './command-line.ts'
import { probeLoop } from './outage-probe.ts'
import { temporaryDirectory } from './temporary.ts'

test.each([
  {
    outage: 'goes on when the probe is stopped',
    answer: '[ $asked -lt 4 ] || { touch stop; false; }',
    left: [3, 1, 1],
    told: /answered: never\n$/,
  },
  { outage: 'ends a moment after that', answer: '[ $asked -ne 4 ] || { touch stop; false; }', left: [4, 1, 0], told: /^$/ },
  {
    outage: 'ends after more than a second',
    answer: 'case $asked in 4) false ;; 5) sleep 1.1; touch stop ;; esac',
    left: [4, 1, 1],
    told: /^\S+ read \d+ ms, answered: yes\n$/,
  },
])('an outage that $outage', async ({ answer, left, told }) => {
  const dir = await temporaryDirectory()
  const script = 'cd "$1"; client=read asked=0; request() { asked=$((asked + 1)); eval "$answer"; }; answer=$2; eval "$3"'
  expect(await runProgram('bash', ['-uc', script, 'probe', dir, answer, probeLoop])).toMatchObject({ exitCode: 0, stderr: '' })
  const numbers = (await readFile(path.join(dir, 'read'), 'utf8')).trim().split(' ').map(Number)
  expect(numbers).toEqual([...left, expect.any(Number)])
  expect(await readFile(path.join(dir, 'unmended'), 'utf8').catch(() => '')).toMatch(told)
  // The longest wait has the outage in it, ended or not.
  if (told.source !== '^$') expect(numbers[3]).toBeGreaterThan(1000)
})
