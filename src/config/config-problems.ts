/** Problems of a configuration as the error that tells them: of a file, or of the words of a command line. */
import type { KadmError } from '../errors.ts'
import { invalid } from './documents.ts'
import type { Problem } from './decode.ts'
import { isWord, problemText, toldByWords, type WordOfPath } from './flag-problems.ts'

export type Remedy = readonly [string, ...string[]]

/** All problems of a file as one error: a line for each in its details. Without a file: of a text that has no name. */
export function configProblems(
  problems: readonly Problem[],
  file?: string,
  remedy: Remedy = [
    file === undefined ? again : `kadm config validate --config "${file}"   # correct what is listed, then this looks without acting`,
  ],
): KadmError {
  const lines = problems.map(problemText)
  const where = file === undefined ? 'the configuration' : `"${file}"`
  const message = lines.length === 1 ? `${where} cannot work: ${lines[0]}` : `${where} has ${lines.length} problems`
  return invalid(message, remedy, lines)
}

/** Of what was given as a file, or else as words. */
export function givenProblems(problems: readonly Problem[], words: WordOfPath, file: string | undefined): KadmError {
  return file === undefined ? wordProblems(toldByWords(problems, words)) : configProblems(problems, file)
}

/** The same of the words of a command line; `problems` as `toldByWords` has them. */
export function wordProblems(problems: readonly Problem[], remedy: Remedy = [again]): KadmError {
  const [line = '', ...others] = problems.map(problemText)
  if (!problems.every(({ path }) => isWord(path))) return configProblems(problems, undefined, remedy)
  return invalid(others.length === 0 ? line : `the command line has ${problems.length} problems`, remedy, [line, ...others])
}

const again = 'correct what is listed and run it again'
