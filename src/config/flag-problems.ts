/** Problems of a configuration that was made of the words of a command line, told by these words. */
import type { Problem } from './decode.ts'
import { configFlags } from './flags.ts'
import type { KindName } from './kinds.ts'

/** Path of a field -> the word that sets it: `--pod-network-cidr`, `[token]`. */
export type WordOfPath = ReadonlyMap<string, string>

export const wordsOf = {
  init: wordMap(['InitConfiguration', 'ClusterConfiguration'], {
    'bootstrapTokens.0.token': '--token',
    'bootstrapTokens.0.ttl': '--token-ttl',
    'apiServer.extraArgs': '--apiserver-extra-args',
    'controllerManager.extraArgs': '--controller-manager-extra-args',
    'scheduler.extraArgs': '--scheduler-extra-args',
  }),
  join: wordMap(['JoinConfiguration'], {
    discovery: '[api-server-endpoint]',
    'discovery.bootstrapToken': '[api-server-endpoint]',
    'discovery.bootstrapToken.apiServerEndpoint': '[api-server-endpoint]',
  }),
  reset: wordMap(['ResetConfiguration'], {}),
  upgrade: wordMap(['UpgradeConfiguration'], {}),
  token: wordMap([], {
    'bootstrapTokens.0.token': '[token]',
    'bootstrapTokens.0.ttl': '--ttl',
    'bootstrapTokens.0.usages': '--usages',
    'bootstrapTokens.0.groups': '--groups',
    'bootstrapTokens.0.description': '--description',
  }),
} as const satisfies Readonly<Record<string, WordOfPath>>

/** `podSubnet.0` is a part of what `--pod-network-cidr` sets. What no word sets keeps its path. */
export function toldByWords(problems: readonly Problem[], words: WordOfPath): readonly Problem[] {
  const told = problems.map(({ path, text }) => ({ path: words.get(path) ?? words.get(path.replace(/\.[^.]*$/, '')) ?? path, text }))
  return told.filter(({ path, text }, index) => told.findIndex((other) => other.path === path && other.text === text) === index)
}

export function isWord(path: string): boolean {
  return /^(?:--|\[)/.test(path)
}

/** `networking.podSubnet: "x" is no range`, `--token is missing`. */
export function problemText({ path, text }: Problem): string {
  return isWord(path) && /^(?:is|must|need|needs|has|and)\b/.test(text) ? `${path} ${text}` : `${path}: ${text}`
}

function wordMap(kindNames: readonly KindName[], more: Readonly<Record<string, string>>): WordOfPath {
  const flags = kindNames.flatMap(configFlags).map(({ flag, path }) => [path.join('.'), `--${flag}`] as const)
  return new Map([...flags, ...Object.entries(more)])
}
