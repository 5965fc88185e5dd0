// node test/posix/run.ts DIR [--group NAME]... [--match TEXT] [--rules posix|cairn] [-o json] [-v]
import { parseArgs } from 'node:util'
import { GROUPS } from './groups.ts'
import { type CaseResult, runSuite } from './runner.ts'

const USAGE = `usage: node test/posix/run.ts DIR [--group NAME]... [--match TEXT] [--rules posix|cairn] [--parallel N] [-o json] [-v]
groups: ${Object.keys(GROUPS).join(' ')}`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    group: { type: 'string', short: 'g', multiple: true },
    match: { type: 'string', short: 'm' },
    rules: { type: 'string', default: 'posix' },
    parallel: { type: 'string', default: '2' },
    output: { type: 'string', short: 'o', default: 'text' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
})

const [dir] = positionals
const unknown = values.group?.find(group => !(group in GROUPS))
if (dir === undefined || unknown !== undefined) {
  console.error(unknown === undefined ? USAGE : `no group ${unknown}\n${USAGE}`)
  process.exit(2)
}

const results = await runSuite({
  dir,
  rules: values.rules === 'cairn' ? 'cairn' : 'posix',
  parallel: Number(values.parallel),
  ...(values.group && { groups: values.group }),
  ...(values.match !== undefined && { match: values.match }),
  onResult: result => {
    if (values.output === 'text') tell(result)
  },
})
if (values.output === 'json') console.log(JSON.stringify(results, undefined, 2))
else summarise()
process.exitCode = results.some(result => result.outcome === 'failed') ? 1 : 0

function tell({ group, name, outcome, reason, tookMs }: CaseResult): void {
  if (outcome === 'failed') console.log(`FAILED ${group}: ${name}\n       ${reason?.replaceAll('\n', '\n       ')}`)
  else if (values.verbose) console.log(`${outcome} ${group}: ${name}${tookMs === undefined ? '' : ` (${tookMs} ms)`}`)
}

function summarise(): void {
  const count = (outcome: CaseResult['outcome']) => results.filter(result => result.outcome === outcome).length
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
}
