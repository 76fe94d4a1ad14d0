import { errorCodes } from '../../src/errors.ts'
import { findingCodes } from '../../src/phases/upgrade/finding.ts'

/** docs/errors.md. */
export function errorsPage(): string {
  return [
    '# Error codes',
    '',
    'Made from the tables in `src/errors.ts` and `src/phases/upgrade/finding.ts`. Do not edit by hand.',
    '',
    'The first line of every failure that kadm foresaw ends with its code in brackets: `error: preflight checks failed: Port-10259 [PREFLIGHT_FAILED]`, then details, then what to try.',
    'Codes are never renamed, so scripts can match on them. `[BUG]` is none of them: it marks a failure that nobody foresaw.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rows(errorCodes),
    '',
    '## Exit codes',
    '',
    '| exit code | of which command | meaning |',
    '| --- | --- | --- |',
    '| 0 | all | done; warnings may stand on standard error |',
    '| 1 | all | an error, with its code |',
    '| 2 | `config diff --exit-code` | the files differ |',
    '| 3 | `upgrade plan --rehearse` | something will hurt, nothing will block |',
    '| 4 | `upgrade plan --rehearse` | something will block |',
    '| 4 | `certs check-expiration --warn-within` | something ends within that time, or is missing |',
    '| 128 + signal | all | 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP: stopped, and the same command goes on. A second signal ends at once |',
    '| that of the program | `sandbox exec`, `sandbox ssh` | what ran on the host ended with it |',
    '',
    '## What `kadm upgrade plan --rehearse` finds',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rows(findingCodes),
  ].join('\n')
}

function rows(codes: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(codes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
}
