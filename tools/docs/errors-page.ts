import { errorCodes } from '../../src/errors.ts'
import { findingCodes } from '../../src/phases/upgrade/finding.ts'

/** docs/errors.md. */
export function errorsPage(): string {
  return [
    '# Error codes',
    '',
    'Made from the tables in `src/errors.ts` and `src/phases/upgrade/finding.ts`. Do not edit by hand.',
    '',
    'Every failure that kadm foresaw ends with its code in brackets: `error: preflight checks failed [PREFLIGHT_FAILED]`, then details, then what to try.',
    'Codes are never renamed, so scripts can match on them. `[BUG]` is none of them: it marks a failure that nobody foresaw.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rows(errorCodes),
    '',
    '## What `kadm upgrade plan --rehearse` finds',
    '',
    'Its exit code is 0 when nothing is found, 3 when something will hurt, 4 when something will block.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rows(findingCodes),
  ].join('\n')
}

function rows(codes: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(codes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
}
