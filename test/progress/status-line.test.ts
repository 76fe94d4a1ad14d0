import { expect, test } from 'vitest'
import { statusLine } from '../../src/progress/status-line.ts'

function written(stream: { readonly isTTY?: boolean; readonly columns?: number }): string {
  let all = ''
  const line = statusLine({ ...stream, write: (text) => (all += text) })
  line.show('pulling etcd, coredns, kube-proxy, pause')
  line.clear()
  return all
}

test('a line that fits the terminal and is taken away; nothing where there is none', () => {
  expect(written({ isTTY: true, columns: 30 })).toBe('\r\u001b[Kpulling etcd, coredns, kube-p\r\u001b[K')
  expect(written({ columns: 80 })).toBe('')
  // A pipe that pretends.
  expect(written({ isTTY: true, columns: 0 })).toBe('')
})
