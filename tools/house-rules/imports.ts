/** Who may import what: the four rows, the doors, and how an import is written. */
import path from 'node:path'
import { findAll, type Rule } from './rule.ts'
import type { SourceText } from './source-text.ts'

/** From the top down. A file imports from its own row and those below it. */
const rows: readonly (readonly string[])[] = [
  ['bin', 'src/cli', 'src/progress'],
  ['src/phases', 'src/preflight', 'src/fleet', 'src/sandbox'],
  ['src/config', 'src/pki', 'src/tokens', 'src/discovery', 'src/manifests'],
  ['src/host', 'src/cluster'],
]

/** Any row may import them, and they import from none. */
const belowAllRows = new Set(['src/errors.ts', 'src/json.ts'])

const world = ['src/host/', 'src/cluster/', 'src/sandbox/']

/** Where in `src` a module may be imported: paths or their beginnings. A package that is not here may be nowhere in `src`. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'node:fs': world,
  'node:fs/promises': world,
  'node:child_process': world,
  'node:net': world,
  'node:tls': world,
  'node:http': world,
  'node:https': world,
  'node:http2': world,
  'node:dgram': world,
  'node:dns': world,
  'node:dns/promises': world,
  ssh2: ['src/host/', 'src/sandbox/'],
  'js-yaml': ['src/config/yaml.ts'],
  'node-forge': ['src/pki/'],
  jose: ['src/tokens/'],
  yargs: ['src/cli/'],
  listr2: ['src/progress/'],
}

/** Asks nothing of the world. */
const pure = new Set(['isIP', 'isIPv4', 'isIPv6'])

export const rowRule: Rule = {
  name: 'rows',
  find: (source) => {
    if (!source.path.startsWith('src/') && !source.path.startsWith('bin/')) return []
    const own = rowOf(source.path) ?? rows.length
    return importsOf(source).flatMap(({ index, specifier }) => {
      if (!specifier.startsWith('.')) return []
      const target = path.posix.join(path.posix.dirname(source.path), specifier)
      const row = rowOf(target)
      if (row !== undefined)
        return row >= own ? [] : [{ index, message: `${target} is in a row above: import only from the own row and those below` }]
      return belowAllRows.has(target)
        ? []
        : [{ index, message: `${target} is in no row: import what the table has, or add its folder there` }]
    })
  },
}

export const doorRule: Rule = {
  name: 'doors',
  find: (source) =>
    importsOf(source).flatMap(({ index, specifier, names }) => {
      if (!source.path.startsWith('src/') || specifier.startsWith('.')) return []
      const allowed = doors[specifier] ?? doors[packageOf(specifier)]
      if (allowed === undefined)
        return specifier.startsWith('node:')
          ? []
          : [{ index, message: `"${specifier}" has no door: say in the table which file may import it` }]
      if (specifier === 'node:net' && names.length > 0 && names.every((name) => pure.has(name))) return []
      return allowed.some((place) => source.path.startsWith(place))
        ? []
        : [{ index, message: `"${specifier}" may be imported only in ${allowed.join(', ')}` }]
    }),
}

export const writtenRule: Rule = {
  name: 'imports',
  find: (source) => [
    ...importsOf(source).flatMap(({ index, specifier }) =>
      specifier.startsWith('.') && !/\.(ts|mjs|js|json)$/.test(specifier) ? [{ index, message: `"${specifier}" needs its extension` }] : [],
    ),
    ...findAll(
      source.code,
      /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\})\s*(?:as\s+\w+\s+)?from\b/g,
      () => 'no re-exports: import the file that is meant',
    ),
    // Declarations say what others export.
    ...(source.path.endsWith('.d.ts')
      ? []
      : findAll(source.code, /\bexport\s+(?:default\b|\{[^}]*\bas\s+default\b)/g, () => 'no default exports')),
  ],
}

export interface Import {
  readonly index: number
  readonly specifier: string
  /** What is taken by name, without `type`. */
  readonly names: readonly string[]
}

/** Static, dynamic and type imports, and re-exports. */
export function importsOf(source: SourceText): readonly Import[] {
  const found = source.code.matchAll(
    /\bimport\s*\(\s*(['"])|\b(?:import|export)\b(?:\s+type\b)?([^;'"()=]*?)\bfrom\s*(['"])|\bimport\s+(['"])/g,
  )
  return [...found].map((match) => {
    const start = match.index + match[0].length
    const end = source.code.indexOf(match[0].at(-1) ?? '', start)
    const names = [...(/\{([^}]*)\}/.exec(match[2] ?? '')?.[1] ?? '').matchAll(/(?:type\s+)?(\w+)(?:\s+as\s+\w+)?/g)].map(
      ([, name = '']) => name,
    )
    return { index: match.index, specifier: source.text.slice(start, end), names }
  })
}

/** `jose/key/import` into `jose`, `@scope/name/x.js` into `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function rowOf(file: string): number | undefined {
  const row = rows.findIndex((folders) => folders.some((folder) => file.startsWith(`${folder}/`)))
  return row === -1 ? undefined : row
}
