/** kadm from its sources and the real kubeadm, with the same words and the same environment. */
import type { TestContext } from 'vitest'
import { kadmProgram, runProgram, type Ended } from './command-line.ts'
import { realBinary } from './real-binary.ts'

export interface BothPrograms {
  kadm(...words: readonly string[]): Promise<Ended>
  kubeadm(...words: readonly string[]): Promise<Ended>
}

/** Only for commands that change nothing on this machine. `environment` is all that they get beside PATH and HOME (which has no files). */
export function bothPrograms(context: TestContext, environment: Readonly<Record<string, string>> = {}): BothPrograms {
  const kubeadm = realBinary(context, 'kubeadm')
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment }
  return {
    kadm: (...words) => runProgram(process.execPath, [kadmProgram, ...words], env),
    kubeadm: (...words) => runProgram(kubeadm, words, env),
  }
}
