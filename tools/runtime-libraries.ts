/** The three libraries that Node needs beside libc, from a Debian old enough for every host that Node itself runs on. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { debianMirror } from '../src/sandbox/debian-mirror.ts'

const run = promisify(execFile)

/**
 * GCC 10 of Debian 11: its libraries need glibc 2.18, Node 26 needs 2.28. Those of the machine that packages (Debian 12) would need 2.36,
 * and shut out Ubuntu 22.04 and RHEL 9. SHA-256 by Debian's name of the architecture and by package.
 */
const packages = {
  amd64: {
    'libstdc++6': '5c155c58935870bf3b4bfe769116841c0d286a74f59eccfd5645693ac23f06b1',
    'libgcc-s1': 'e478f2709d8474165bb664de42e16950c391f30eaa55bc9b3573281d83a29daf',
    libatomic1: 'e8f1d04653698ab185c1144f35f905a1de87571c12ea630b65be669a2823d8c7',
  },
  arm64: {
    'libstdc++6': '7869aa540cc46e9f3d4267d5bde2af0e5b429a820c1d6f1a4cfccfe788c31890',
    'libgcc-s1': 'e2fcdb378d3c1ad1bcb64d4fb6b37aab44011152beca12a4944f435a2582df1f',
    libatomic1: 'd0b8a02896479a6eac49019d71142da9561482759f40eb7aeb15cfdc7d3e39ec',
  },
} as const

const wanted = /^(libstdc\+\+\.so\.6|libgcc_s\.so\.1|libatomic\.so\.1)$/

/**
 * Puts the libraries into `folder`. Where the old ones cannot be had they are the machine's own, and a line on stderr says what that means.
 */
export async function addRuntimeLibraries(folder: string, node: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(path.join(tmpdir(), 'kadm-libraries-'))
  try {
    for (const file of await oldLibraries(work)) await copyFile(await realpath(file), path.join(folder, path.basename(file)))
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    process.stderr.write(`note: kadm gets this machine's own libstdc++ and runs only where glibc is as new as here: ${why}\n`)
    for (const file of await ownLibraries(node)) await copyFile(await realpath(file), path.join(folder, path.basename(file)))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const found = (await readdir(folder)).filter((name) => wanted.test(name))
  if (found.length !== 3)
    throw new Error(`expected three libraries, found ${found.join(', ')}; try: apt-get install libstdc++6 libgcc-s1 libatomic1`)
}

async function oldLibraries(work: string): Promise<readonly string[]> {
  const architecture = process.arch === 'x64' ? 'amd64' : 'arm64' // Node comes for no other, see optionalDependencies
  for (const [name, sum] of Object.entries(packages[architecture])) {
    const file = path.join(work, `${name}.deb`)
    await fetchPackage(`pool/main/g/gcc-10/${name}_10.2.1-6_${architecture}.deb`, sum, file)
    await run('dpkg-deb', ['--extract', file, path.join(work, 'root')])
  }
  const entries = await readdir(path.join(work, 'root'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => wanted.test(entry.name)).map((entry) => path.join(entry.parentPath, entry.name))
}

/** From the mirror that this machine's apt uses. The checksum vouches for it. */
async function fetchPackage(name: string, sum: string, file: string): Promise<void> {
  await run('curl', [
    '--fail',
    '--silent',
    '--show-error',
    '--location',
    '--max-time',
    '60',
    '--output',
    file,
    `${await debianMirror()}/${name}`,
  ])
  if (
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex') !== sum
  )
    throw new Error(`${path.basename(name)} of the mirror is not the pinned one`)
}

async function ownLibraries(node: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [node])
  return [...stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)].filter(([, name = '']) => wanted.test(name)).map(([, , file = '']) => file)
}
