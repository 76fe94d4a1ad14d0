import { expect, test } from 'vitest'
import { ApiError, unreachable } from '../../src/cluster/api-error.ts'

test.each(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])('a certificate of another time (%s) is not that of another server', (code) => {
  const { remedy } = unreachable('https://a.test:6443', Object.assign(new Error('certificate'), { code }))
  expect(remedy).toEqual([expect.stringMatching(/^date -u /), expect.stringMatching(/^kadm certs renew all --restart /)])
})

test('one of another name is', () => {
  const { remedy } = unreachable('https://a.test:6443', Object.assign(new Error('no'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }))
  expect(remedy[0]).toMatch('is not the one that the kubeconfig names')
})

test('an admin.conf that has ended is refused as one that nobody knows: the remedy is not to use it', () => {
  const { remedy } = new ApiError('list nodes', { status: 401, reason: 'Unauthorized', message: 'Unauthorized' })
  expect(remedy).toEqual([
    expect.stringMatching(/^date -u /),
    expect.stringMatching(/^kadm certs check-expiration .*kadm certs renew all --restart$/),
    expect.stringMatching(/^use another kubeconfig/),
  ])
})
