import { subdomainProblem } from '#schema'
import { mainFault } from './faults.ts'
import { NODE_NAME_MAX } from './limits.ts'

/** What a machine is called in objects: its host name as far as objects can have it. */
export function nodeNameOf(hostName: string): string {
  const plain = hostName
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, NODE_NAME_MAX)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return subdomainProblem(plain) === undefined ? plain : 'localhost'
}

/** Refuses a name that no machine can have. Faults: Invalid. */
export function refuseNodeName(name: string): void {
  const isLong = name.length > NODE_NAME_MAX
  const problem = isLong ? `may have ${NODE_NAME_MAX} characters at most` : subdomainProblem(name)
  if (problem === undefined) return
  throw mainFault('Invalid', `--name: "${name}" is no name of a machine: ${problem}`, {
    hint: 'Choose one of lower-case letters, digits and hyphens: --name NAME',
  })
}
