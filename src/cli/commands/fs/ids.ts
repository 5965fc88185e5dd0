import { type Command, InvalidArgumentError } from 'commander'
import { filesystemIds, ID_MAX } from '#rpc'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'

interface Pair {
  readonly local: number
  readonly cloud: number
}

interface Options {
  readonly user: readonly Pair[]
  readonly group: readonly Pair[]
  readonly clear?: true
}

/** `cairn fs ids` */
export function declareIds(fs: Command, run: Run): void {
  fs.command('ids')
    .description('say who users and groups of this machine are in a filesystem; its mount here shows them so')
    .argument('[filesystem]', 'a filesystem', 'home')
    .option('--user <pair>', 'a user id here and there, such as 1000=200001; may be given again', addPair, [])
    .option('--group <pair>', 'the same of a group', addPair, [])
    .option('--clear', 'forget what was said before')
    .addHelpText('after', examples('cairn fs ids home --user 501=1000 --group 20=1000', 'cairn fs ids --clear'))
    .action((filesystem: string, options: Options) =>
      run(async context => {
        await using client = await openDoor(context)
        const before = await client.call(filesystemIds, { filesystem, to: undefined }, context.signal)
        const to = changed(options.clear ? { users: [], groups: [] } : before, options)
        const isChange = options.clear === true || options.user.length + options.group.length > 0
        const now = isChange ? await client.call(filesystemIds, { filesystem, to }, context.signal) : before
        show(context, { filesystem, ...now }, () => told(filesystem, now, isChange))
      }),
    )
}

interface Pairs {
  readonly users: readonly Pair[]
  readonly groups: readonly Pair[]
}

function changed({ users, groups }: Pairs, { user, group }: Options) {
  return { users: joined(users, user), groups: joined(groups, group) }
}

// What is said of an id here takes the place of what was said of it before.
function joined(before: readonly Pair[], more: readonly Pair[]): Pair[] {
  return [...before.filter(({ local }) => more.every(pair => pair.local !== local)), ...more]
}

function told(filesystem: string, { users, groups }: Pairs, isChange: boolean): string {
  const rows = [...users.map(pair => ['user', pair] as const), ...groups.map(pair => ['group', pair] as const)]
  if (rows.length === 0) return `${filesystem}: users and groups have the same ids here and there\n`
  const lines = rows.map(([what, { local, cloud }]) => `  ${what} ${local} here is ${what} ${cloud} there`)
  const note = isChange ? 'Programs that have seen other owners see these within 10 seconds.\n' : ''
  return `${filesystem}:\n${lines.join('\n')}\n${note}`
}

function addPair(word: string, before: readonly Pair[]): readonly Pair[] {
  const found = /^(\d{1,10})=(\d{1,10})$/.exec(word)
  const [local, cloud] = [Number(found?.[1]), Number(found?.[2])]
  if (found === null || local > ID_MAX || cloud > ID_MAX)
    throw new InvalidArgumentError('say HERE=THERE, such as 1000=200001')
  return [...before, { local, cloud }]
}
