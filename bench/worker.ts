// node bench/worker.ts JOB INPUT: does one job in a process of its own and prints its figures, both as JSON.
import type { JobInput } from './jobs/job.ts'
import { isJobName, jobs } from './jobs/index.ts'

const [name = '', input = '{}'] = process.argv.slice(2)
if (!isJobName(name)) throw new Error(`no job ${name}`)
process.stdout.write(JSON.stringify(jobs[name](JSON.parse(input) as JobInput)))
