/** Secrets that a person has given are asked for once, and kept in memory for the next connection that needs the same one. */
import type { SshOptions, SshQuestion } from './ssh-target.ts'

/**
 * @param about what makes two questions the same. Never less than their kind and who logs in: whose password sudo wants is the word of the
 *   host, and one host is not to get what was given for another login, or for a key.
 */
export function rememberedAnswers(
  secret: NonNullable<SshOptions['secret']>,
  about: (question: SshQuestion) => object = (question) => question,
): NonNullable<SshOptions['secret']> {
  const answers = new Map<string, Promise<string | undefined>>()
  return (question) => {
    const key = JSON.stringify(about(question))
    const answer = answers.get(key) ?? secret(question)
    answers.set(key, answer)
    return answer
  }
}
