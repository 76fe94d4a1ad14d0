/** The user's agent: it keeps private keys opened, and signs with them. It may be gone, hang, or not want to sign. */
import type { BaseAgent, IdentityCallback, OpenSSHAgent, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2'
import { publicKeyOf } from './ssh-key-file.ts'

export interface SshAgent {
  /** Public halves of its keys. It is asked once; none when it does not answer. */
  readonly keys: () => Promise<readonly ParsedKey[]>
  /** An agent that has only these. */
  readonly only: (keys: readonly ParsedKey[]) => Promise<BaseAgent>
  /** Whether it has signed with this key: the host has accepted it, if that was enough or not. */
  readonly hasSigned: (publicKey: string) => boolean
  /** Whether it did not want to sign with this key. */
  readonly hasRefused: (publicKey: string) => boolean
  /** What went wrong with it so far. */
  readonly trouble: () => string | undefined
}

/** Its socket may lead to another machine, and nowhere any more. */
const longestAnswer = 10_000

export function sshAgent(socket: string): SshAgent {
  const [refused, signed] = [new Set<string>(), new Set<string>()]
  let trouble: string | undefined
  let asked: Promise<readonly ParsedKey[]> | undefined
  const usable = ({ keys, count }: Identities): readonly ParsedKey[] => {
    if (count > keys.length)
      trouble = `kadm can do nothing with ${count - keys.length} of the ${count} that it has: certificates, FIDO keys or the like`
    return keys
  }
  const open = async (): Promise<OpenSSHAgent> => new (await import('ssh2')).default.OpenSSHAgent(socket)
  return {
    keys: () =>
      (asked ??= open()
        .then(identities)
        .then(usable)
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
            } else signed.add(publicKeyOf(key))
            done(error, signature)
          }),
      })
    },
    hasSigned: (publicKey) => signed.has(publicKey),
    hasRefused: (publicKey) => refused.has(publicKey),
    trouble: () => trouble,
  }
}

interface Identities {
  readonly keys: readonly ParsedKey[]
  /** Of all that it has: those that ssh2 cannot read are not among the keys, and it does not say so. */
  readonly count: number
}

function identities(agent: OpenSSHAgent): Promise<Identities> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing within ${longestAnswer / 1000} s`)), longestAnswer)
    let head = Buffer.alloc(0)
    const { getStream } = agent
    agent.getStream = (done) =>
      getStream.call(agent, (error, stream) => {
        stream?.on('data', (chunk: Buffer) => (head = Buffer.concat([head, chunk.subarray(0, endOfCount)])))
        done(error, stream)
      })
    agent.getIdentities((error, keys = []) => {
      clearTimeout(timer)
      if (error) reject(error)
      // Other kinds of agents may wrap them.
      else resolve({ keys: keys as ParsedKey[], count: head.length < endOfCount ? 0 : head.readUInt32BE(endOfCount - 4) })
    })
  })
}

/** Of the answer: its length, its kind, the number of keys (draft-ietf-sshm-ssh-agent, 3.5). */
const endOfCount = 4 + 1 + 4
