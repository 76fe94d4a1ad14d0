/** The user's agent: it keeps private keys opened, and signs with them. It may be gone, hang, or not want to sign. */
import type { BaseAgent, IdentityCallback, OpenSSHAgent, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2'
import { publicKeyOf } from './ssh-key-file.ts'

export interface SshAgent {
  /** Public halves of its keys. It is asked once; none when it does not answer. */
  readonly keys: () => Promise<readonly ParsedKey[]>
  /** An agent that has only these. */
  readonly only: (keys: readonly ParsedKey[]) => Promise<BaseAgent>
  /** Whether it did not want to sign with this key. */
  readonly hasRefused: (publicKey: string) => boolean
  /** What went wrong with it so far. */
  readonly trouble: () => string | undefined
}

/** Its socket may lead to another machine, and nowhere any more. */
const longestAnswer = 10_000

export function sshAgent(socket: string): SshAgent {
  const refused = new Set<string>()
  let trouble: string | undefined
  let asked: Promise<readonly ParsedKey[]> | undefined
  const open = async (): Promise<OpenSSHAgent> => new (await import('ssh2')).default.OpenSSHAgent(socket)
  return {
    keys: () =>
      (asked ??= open()
        .then(identities)
        .catch(() => {
          trouble = 'it does not answer'
          return []
        })),
    only: async (keys) => {
      const [agent, whole] = [await open(), await open()]
      return Object.assign(agent, {
        getIdentities: (done: IdentityCallback<ParsedKey>) => done(undefined, [...keys]),
        sign: (key: ParsedKey, data: Buffer, options: SigningRequestOptions, done: SignCallback) =>
          whole.sign(key, data, options, (error, signature) => {
            if (error) {
              refused.add(publicKeyOf(key))
              trouble = 'it does not sign'
            }
            done(error, signature)
          }),
      })
    },
    hasRefused: (publicKey) => refused.has(publicKey),
    trouble: () => trouble,
  }
}

function identities(agent: OpenSSHAgent): Promise<readonly ParsedKey[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing within ${longestAnswer / 1000} s`)), longestAnswer)
    agent.getIdentities((error, keys = []) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve(keys as ParsedKey[]) // other kinds of agents may wrap them
    })
  })
}
