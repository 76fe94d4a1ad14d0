/**
 * Runs inside a jail: every case of a table by one tool, each on a clean /etc/kubernetes. kadm runs in this process, which saves its start.
 * Arguments: file with the cases, file for the results, path of kubeadm or `kadm`.
 */
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { runInProcess } from '../../support/in-process.ts'
import type { TableCase } from './table-case.ts'

export interface TableResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** By path: base64, mode. */
  readonly files: Readonly<Record<string, readonly [string, number]>>
}

if (import.meta.main) {
  const [cases = '', results = '', tool = ''] = process.argv.slice(2)
  const all: TableResult[] = []
  for (const one of JSON.parse(readFileSync(cases, 'utf8')) as TableCase[]) all.push(await runCase(one, tool, all.length))
  writeFileSync(results, JSON.stringify(all))
  process.exit(0)
}

async function runCase({ words, files = {} }: TableCase, tool: string, index: number): Promise<TableResult> {
  const dir = `/tmp/jail/cases/${index}`
  const here = (text: string): string => text.replaceAll('DIR', dir)
  for (const name of readdirOrNone('/etc/kubernetes')) rmSync(path.join('/etc/kubernetes', name), { recursive: true })
  mkdirSync(dir, { recursive: true })
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(here(file)), { recursive: true })
    writeFileSync(here(file), here(content), { mode: 0o600 })
  }
  const { exitCode, stdout, stderr } = tool === 'kadm' ? await runInProcess(...words.map(here)) : run(tool, words.map(here))
  const left = [...filesBelow(dir), ...filesBelow('/etc/kubernetes')]
  return { exitCode, stdout, stderr, files: Object.fromEntries(left) }
}

function run(program: string, words: readonly string[]): Omit<TableResult, 'files'> {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  return { exitCode: status ?? 128, stdout, stderr }
}

function filesBelow(dir: string): readonly (readonly [string, readonly [string, number]])[] {
  return readdirOrNone(dir).flatMap((name) => {
    const file = path.join(dir, name)
    const stat = lstatSync(file)
    if (stat.isDirectory()) return filesBelow(file)
    return [[file, [stat.isFile() ? readFileSync(file).toString('base64') : '', stat.mode & 0o7777]] as const]
  })
}

function readdirOrNone(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
