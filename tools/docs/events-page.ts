import { eventKinds, eventVersion, everyEventHas, someEventsHave } from '../../src/progress/event-lines.ts'

/** docs/events.md. */
export function eventsPage(): string {
  const kinds = Object.entries(eventKinds).map(([name, { doc, has, mayHave = [] }]) => {
    const fields = [...has.map((field) => `\`${field}\``), ...mayHave.map((field) => `\`${field}\` where there is one`)]
    return `| \`${name}\` | ${doc} | ${fields.join(', ')} |`
  })
  return [
    ...intro,
    '| field | type | meaning |',
    '| --- | --- | --- |',
    ...Object.entries({ ...everyEventHas, ...someEventsHave }).map(([name, { type, doc }]) => `| \`${name}\` | ${type} | ${doc} |`),
    '',
    '| event | meaning | it also has |',
    '| --- | --- | --- |',
    ...kinds,
    '',
    ...trace,
    '',
    ...log,
  ].join('\n')
}

const intro = [
  '# Following a run: `--events` and `--trace`',
  '',
  'Made by `tools/docs/events-page.ts`; the tables are those of `src/progress/event-lines.ts`. Do not edit by hand.',
  '',
  'Both are flags of `init`, `join`, `upgrade apply`, `upgrade node`, `reset`, their phases, `apply`, `reset --cluster-file` and `undo`.',
  '',
  '## Events',
  '',
  '- With `--events` standard output has one JSON object a line and nothing else; plans, questions, warnings of the command itself, and what it was run for (the join command) go to standard error.',
  '- Fields and kinds are added, never renamed: a program passes over those that it does not know.',
  '- A signal ends a run with `failed` of what was under way, then of the action.',
  '',
]

const trace = [
  '## Traces',
  '',
  '`--trace FILE` writes where the time went, also when the run fails or a signal ends it (a second signal ends kadm on the spot, without it): JSON in the Trace Event Format, for [Perfetto](https://ui.perfetto.dev), chrome://tracing and `kadm trace view`.',
  'Without the flag nothing of it is loaded. No secret is in it: commands without their input, texts redacted as in events.',
  '',
  '| in the file | meaning |',
  '| --- | --- |',
  '| process (`pid`) | the critical path; then `kadm`, what it did itself; then the hosts |',
  '| thread (`tid`) | a lane: what overlaps stands in lanes of its own |',
  '| `ph: X` with `cat` `action`, `phase` | a workflow on a host, a phase of it. `args`: `outcome` (`done`, `failed`, `skipped`, `unfinished`), `needs`, `reason` |',
  '| `cat` `wait` | what a phase waited for and what it saw meanwhile, until something else was told of it. `args.of`: `host:phase` |',
  '| `cat` `call` | a command, a file, a service, an image, a connection, on the host that it happened on; those below 1 ms are left out. `args.of`: the phase that it was for, where that is known |',
  '| `cat` `path` | a step of the critical path. `args`: `host`, `name`, `meanwhile` (the longest waits and calls) |',
  '| `ph: i` with `cat` `line` | what a phase said |',
  '| `ts`, `dur` | microseconds since the program was started |',
  '| `otherData` | `apiVersion`, `kind` (`Trace`), `command`, `outcome`, `startedAt`, `version` |',
  '',
  '`kadm trace view FILE [-o PAGE.html]` prints the critical path and makes a page of the whole that needs no network: rows by host, details of each bar, the path marked and listed.',
  '',
  "**The critical path** goes from the end backwards: of what a phase came after or waited for, the one that ended last; what lies behind that is the phase's own.",
  '',
  "- It knows the needs of phases, the order of hosts in `apply`, the first API server that joins wait for, etcd's one new member at a time, and that an API server waits for its etcd.",
  '- Its steps have neither gap nor overlap, so they add up to the whole; only what makes one of them shorter makes the whole shorter.',
  '- What goes on within a phase it does not know: there are `meanwhile` and the lanes.',
]

const log = [
  '## What was done: `kadm log -f FILE -o json`',
  '',
  'One JSON object, made of the journals of the hosts and of this machine. Journals that could not be read are told on standard error, and the command fails then (`FLEET_FAILED`).',
  '',
  '| field | meaning |',
  '| --- | --- |',
  `| \`apiVersion\`, \`kind\` | \`${eventVersion}\`, \`Log\` |`,
  '| `runs` | what was run on the hosts, the oldest first: `host`, `command` (`init`, `init phase certs/ca`, `upgrade node`, `mark` for labels and taints, `undo`), `startedAt` (RFC 3339), `outcome` (`done`, `failed`, `cut-off`), `version` of kadm, `by` (`ann@desk`; not of an older kadm), `phases` and `changes` (how many), `isUndone` |',
  '| `commands` | what was run on this machine, the oldest first: `name` (`apply`, `undo`, `reset`), `clusterFile`, `owner`, `version`, `startedAt`, `outcome` (as of runs, or `refused`: another kadm was at work until the end of the wait), `actions`: `host`, `action`, `state` (`done`, `failed`; `started`: nobody knows how it ended) |',
  '| `torn` | hosts, or `this machine`, whose journal ends in the middle of a line: as a crash leaves it, and as the next run mends it |',
]
