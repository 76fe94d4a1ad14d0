import { errorCodes } from '../../src/errors.ts'

/** docs/errors.md. */
export function errorsPage(): string {
  return [
    '# Error codes',
    '',
    'Made from the table in `src/errors.ts`. Do not edit by hand.',
    '',
    'Every failure that kadm foresaw ends with its code in brackets: `error: preflight checks failed [PREFLIGHT_FAILED]`, then details, then what to try.',
    'Codes are never renamed, so scripts can match on them. `[BUG]` is none of them: it marks a failure that nobody foresaw.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...Object.entries(errorCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
  ].join('\n')
}
