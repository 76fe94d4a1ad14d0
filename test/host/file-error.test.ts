import { expect, test } from 'vitest'
import { describingFileErrors } from '../../src/host/file-error.ts'

test.each([
  // It is not there: its folder is.
  ['ENOSPC', '/etc/kubernetes/new', 'df -h "/etc/kubernetes"; df -i "/etc/kubernetes"'],
  ['EROFS', '/etc/kubernetes/new', 'findmnt -T "/etc/kubernetes"'],
  ['EDQUOT', '/home/ann/trace.json', 'df -h "/home/ann"'],
  ['EACCES', '/etc/kubernetes/admin.conf', 'run the command as root (sudo)'],
  ['EACCES', '/var/lib/kadm/journal.jsonl', 'run the command as root (sudo)'],
  // More of root's files in it would not help.
  [
    'EACCES',
    '/home/ann/.ssh/known_hosts',
    'namei -l "/home/ann/.ssh/known_hosts"   # whose is it? If it is to be yours, chown it; else run the command as root (sudo)',
  ],
])('%s at "%s"', async (code, file, remedy) => {
  const act = (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code }))
  await expect(describingFileErrors('write', file, act)).rejects.toMatchObject({ code: 'FILE_FAILED', remedy: [remedy] })
})
