/** The person that kadm works for, as this machine knows them. */
import { hostname, userInfo } from 'node:os'
import { KadmError, messageOf } from '../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Account = () => { readonly username: string }

/** Cron and containers set no USER. Throws USAGE for a user without a name. */
export function whoRuns({ USER: name = '' }: Environment, account: Account = userInfo): string {
  if (name !== '') return name
  try {
    return account().username
  } catch (error) {
    throw new KadmError('USAGE', `the user who runs kadm has no name to log in with: ${messageOf(error)}`, {
      remedy: ['say in the cluster file who logs in: spec.ssh.user'],
      cause: error,
    })
  }
}

/** Who is shown to others: `ann@desk`, also when she has become root by sudo; `uid 1000@desk` where the user has no name. */
export function operatorName(environment: Environment = process.env, account: Account = userInfo): string {
  return `${personIn(environment, account)}@${hostname()}`
}

function personIn(environment: Environment, account: Account): string {
  const { SUDO_USER: name = '' } = environment
  if (name !== '') return name
  try {
    return whoRuns(environment, account)
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
