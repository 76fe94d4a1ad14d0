import { expect, test } from 'vitest'
import { ApiError } from '../../src/cluster/api-error.ts'
import type { KubernetesObject } from '../../src/cluster/cluster.ts'
import { awaitConfigMap, configMapText } from '../../src/cluster/stored-config-map.ts'

const wait = { timeout: 2000 }

/** Answers in turn, the last one for ever. */
function answering(...answers: readonly (KubernetesObject | undefined | Error)[]) {
  let index = 0
  return {
    get: async (): Promise<KubernetesObject | undefined> => {
      const answer = answers[Math.min(index++, answers.length - 1)]
      if (answer instanceof Error) throw answer
      return answer
    },
  }
}

function configMap(data?: Readonly<Record<string, unknown>>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kubeadm-config' }, ...(data !== undefined && { data }) }
}

const forbidden = new ApiError('get it', { status: 403, reason: 'Forbidden', message: '' })

test('what is not there is an answer, unless a key is waited for', async () => {
  expect(await awaitConfigMap(answering(undefined), 'kubeadm-config', wait)).toBeUndefined()
  const later = answering(undefined, configMap(), configMap({ a: 'text' }))
  expect(configMapText(await awaitConfigMap(later, 'kubeadm-config', { ...wait, holding: 'a' }), 'a')).toBe('text')
})

test('what never comes is told by its name', async () => {
  const missing = awaitConfigMap(answering(undefined), 'kubeadm-config', { timeout: 100, holding: 'a' })
  await expect(missing).rejects.toThrow(/for ConfigMap kube-system\/kubeadm-config .*: it is not there$/)
  const empty = awaitConfigMap(answering(configMap({ b: '' })), 'kubeadm-config', { timeout: 100, holding: 'a' })
  await expect(empty).rejects.toThrow(/: it has no "a"$/)
})

test('a young API server may refuse at first; who is told that a refusal is final hears it at once', async () => {
  expect(await awaitConfigMap(answering(forbidden, configMap()), 'kubeadm-config', wait)).toEqual(configMap())
  await expect(awaitConfigMap(answering(forbidden, configMap()), 'kube-proxy', { ...wait, giveUp: () => true })).rejects.toBe(forbidden)
})

test.for([undefined, configMap(), configMap({ b: 'text' }), configMap({ a: 1 }), { ...configMap(), data: 'a' }])(
  'no text under the key in %j',
  (object) => {
    expect(configMapText(object, 'a')).toBeUndefined()
  },
)
