import { type Context, dataFolder, type FoundController, type JoinedMachine } from './context.ts'
import { cliFault } from './faults.ts'
import { askPerson } from './local/input.ts'
import { printable, table } from './table.ts'

const TOKEN_HINT =
  'Join with a token: on a controller of the cloud, cairn token create --role node; then here: cairn join -'

/** Joins a cloud that is found on this network, when people here and at its controller say yes. Faults: Usage, those of the cloud. */
export async function joinFoundCloud(context: Context, name: string | undefined): Promise<JoinedMachine> {
  const { host, terminal, signal } = context
  terminal.err('Looking for clouds on this network ...\n')
  const found = await host.findControllers(signal)
  if (found.length === 0) {
    throw cliFault('Usage', 'no cloud was found on the networks of this machine', { hint: TOKEN_HINT })
  }
  terminal.err(foundTable(found))
  const chosen = await choose(context, found)
  const place = { fingerprint: chosen.fingerprint, addresses: [chosen.address] }
  const person = {
    showCode: (code: string) => terminal.err(codeText(code, chosen)),
    isConfirmed: () => asked(context, `Has ${chosen.name} said that it let this machine in? [y/N] `),
  }
  return host.joinFound({ place, dataFolder: dataFolder(context), name }, person, signal)
}

function foundTable(found: readonly FoundController[]): string {
  const rows = found.map(({ name, address, fingerprint }, index) => [String(index + 1), name, address, fingerprint])
  return table([{ title: '' }, { title: 'CONTROLLER' }, { title: 'ADDRESS' }, { title: 'CLOUD' }], rows)
}

async function choose(context: Context, found: readonly FoundController[]): Promise<FoundController> {
  const [first] = found
  if (found.length === 1 && first !== undefined) {
    if (await asked(context, `Join the cloud of ${first.name}? [y/N] `)) return first
  } else {
    const word = (await personSays(context, `Which one (1 to ${found.length})? `)).trim()
    const chosen = /^[0-9]{1,3}$/.test(word) ? found[Number(word) - 1] : undefined
    if (chosen !== undefined) return chosen
  }
  throw cliFault('Usage', 'no cloud was chosen: nothing was changed', { hint: TOKEN_HINT })
}

async function asked(context: Context, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await personSays(context, question)).trim())
}

// Nobody else may say yes.
async function personSays({ signal }: Context, question: string): Promise<string> {
  const said = await askPerson(printable(question), signal)
  if (said !== undefined) return said
  throw cliFault('Usage', 'without a token somebody has to sit here and compare a code', { hint: TOKEN_HINT })
}

function codeText(code: string, { name }: FoundController): string {
  return `\nThe code of this machine: ${code}\nOn ${printable(name)}, within five minutes: cairn node approve ${code}\nWaiting for that ...\n`
}
