import { type Command, InvalidArgumentError } from 'commander'
import { filesystemAccess } from '#rpc'
import { show } from '../../context.ts'
import { checkMachines } from '../../copies.ts'
import { openDoor } from '../../door.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'

interface Options {
  readonly machines?: readonly string[] | 'all'
  readonly readOnly?: readonly string[] | 'all'
  readonly rootSquash?: boolean
}

/** `cairn fs access` */
export function declareAccess(fs: Command, run: Run): void {
  fs.command('access')
    .description('say which machines may use a filesystem, and whether their root is nobody in it')
    .argument('[filesystem]', 'a filesystem', 'home')
    .option('--machines <names>', 'only these machines, such as m1,m2; `all`: any of the cloud', namesWord)
    .option('--read-only <names>', 'machines that change nothing; `none`: all may write', namesWord)
    .option('--root-squash <word>', 'on: root of a machine that is no controller is nobody; off: root is root', onWord)
    .addHelpText('after', examples('cairn fs access photos --machines m1,tv --read-only tv', 'cairn fs access home'))
    .action((filesystem: string, options: Options) =>
      run(async context => {
        await using client = await openDoor(context)
        const before = await client.call(filesystemAccess, { filesystem, to: undefined }, context.signal)
        const isChange = Object.values(options).some(value => value !== undefined)
        const to = changed(before, options)
        // One that was named before may have been removed meanwhile.
        const known = new Set([...(before.machines ?? []), ...before.readOnly])
        const named = [...(to.machines ?? []), ...to.readOnly].filter(name => !known.has(name))
        await checkMachines(client, named, context.signal)
        const now = isChange ? await client.call(filesystemAccess, { filesystem, to }, context.signal) : before
        show(context, { filesystem, ...now }, () => told(filesystem, now))
      }),
    )
}

interface Rules {
  readonly machines?: readonly string[] | undefined
  readonly readOnly: readonly string[]
  readonly rootSquash: boolean
}

function changed(before: Rules, { machines, readOnly, rootSquash }: Options) {
  return {
    machines: machines === 'all' ? undefined : (machines ?? before.machines),
    readOnly: readOnly === 'all' ? [] : (readOnly ?? before.readOnly),
    rootSquash: rootSquash ?? before.rootSquash,
  }
}

function told(filesystem: string, { machines, readOnly, rootSquash }: Rules): string {
  const who = machines === undefined ? 'every machine of the cloud' : machines.join(', ') || 'no other machine'
  const reading = readOnly.length === 0 ? '' : `; ${readOnly.join(', ')} may only read`
  const root = rootSquash ? 'root of a machine that is no controller is nobody' : 'root is root on all of them'
  return `${filesystem}: for ${who}${reading}; ${root}\n`
}

function namesWord(word: string): readonly string[] | 'all' {
  if (word === 'all' || word === 'none') return 'all'
  return word.split(',').filter(name => name !== '')
}

function onWord(word: string): boolean {
  if (word === 'on' || word === 'off') return word === 'on'
  throw new InvalidArgumentError('say on or off')
}
