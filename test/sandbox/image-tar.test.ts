import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeImageTar } from '../../src/sandbox/image-tar.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('an image tar is an OCI layout whose digests are right, the same bytes each time', async () => {
  const work = await temporaryDirectory()
  const root = path.join(work, 'root')
  await mkdir(path.join(root, 'bin'), { recursive: true })
  await writeFile(path.join(root, 'bin/tool'), 'content')
  await chmod(path.join(root, 'bin/tool'), 0o755)
  await symlink('tool', path.join(root, 'bin/other'))
  for (const name of ['a.tar', 'b.tar'])
    await writeImageTar({ file: path.join(work, name), reference: 'lab.test:5000/dir/name:v1', root, entrypoint: ['/bin/tool'] })
  expect(await readFile(path.join(work, 'a.tar'))).toEqual(await readFile(path.join(work, 'b.tar')))
  expect((await readdir(work)).sort()).toEqual(['a.tar', 'b.tar', 'root'])

  const layout = path.join(work, 'layout')
  await mkdir(layout)
  execFileSync('tar', ['-C', layout, '-xf', path.join(work, 'a.tar')])
  const blob = async ({ digest, size }: { digest: string; size: number }): Promise<Buffer> => {
    const content = await readFile(path.join(layout, 'blobs/sha256', digest.replace('sha256:', '')))
    expect([`sha256:${createHash('sha256').update(content).digest('hex')}`, content.length]).toEqual([digest, size])
    return content
  }
  const index = JSON.parse(await readFile(path.join(layout, 'index.json'), 'utf8'))
  expect(index.manifests[0].annotations).toEqual({
    'io.containerd.image.name': 'lab.test:5000/dir/name:v1',
    'org.opencontainers.image.ref.name': 'v1',
  })
  const manifest = JSON.parse(String(await blob(index.manifests[0])))
  const config = JSON.parse(String(await blob(manifest.config)))
  expect(config.config.Entrypoint).toEqual(['/bin/tool'])
  expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest])
  const listing = execFileSync('tar', ['-tv', '--numeric-owner'], { input: await blob(manifest.layers[0]), encoding: 'utf8' })
  expect(listing).toMatch(/-rwxr-xr-x 0\/0\s+7 1970-01-01 00:00 \.\/bin\/tool\n/)
  expect(listing).toMatch(/lrwxrwxrwx 0\/0 .* \.\/bin\/other -> tool\n/)
})
