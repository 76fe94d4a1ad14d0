import { expect, test } from 'vitest'
import { tagOf } from '../../src/cluster/image-tag.ts'

test.each([
  ['registry.local:5000/etcd:3.7.0-0', '3.7.0-0'],
  ['etcd:v1.37.2_acme.1@sha256:4ab8', 'v1.37.2+acme.1'],
  ['registry.local:5000/etcd@sha256:4ab8', ''],
  ['registry.local:5000/etcd', ''],
  ['', ''],
])('the tag of "%s"', (image, tag) => {
  expect(tagOf(image)).toBe(tag)
})
