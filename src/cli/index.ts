export type { CliHost, UpOptions } from './context.ts'
export { runCli } from './run.ts'
