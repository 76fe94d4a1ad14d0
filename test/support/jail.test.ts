import { expect, test } from 'vitest'
import { runJailed } from './jail.ts'

test('a jail shows what a program wrote, and the machine keeps its own files', async () => {
  const result = await runJailed(
    [
      [
        'bash',
        '-c',
        'mkdir -p /etc/kubernetes; echo hi > /etc/kubernetes/x; chmod 600 /etc/kubernetes/x; hostname; ip -4 -o addr show eth0; cat /tmp/jail/in',
      ],
    ],
    {
      files: { '/tmp/jail/in': 'given' },
    },
  )
  expect(result).toMatchObject({ exitCode: 0 })
  expect(result.stdout).toMatch(/^node1\n.*192\.168\.77\.10\/24[^]*given$/)
  expect(result.tree.get('/etc/kubernetes/x')).toMatchObject({ kind: 'file', mode: 0o600 })
  expect(String(result.tree.get('/etc/kubernetes/x')?.content)).toBe('hi\n')
})
