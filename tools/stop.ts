/** `npm run stop`: the end of what `npm start` made. */
import { errorText } from '../src/cli/text/error-text.ts'
import { defaultSandboxName } from '../src/sandbox/state.ts'
import { takeDown } from '../src/sandbox/take-down.ts'

try {
  console.log((await takeDown(defaultSandboxName)) ? 'the cluster and its hosts are gone' : 'nothing is up')
} catch (error) {
  process.stderr.write(errorText(error, 0))
  process.exitCode = 1
}
