// A machine that looks for a cloud and joins the one it finds, as `cairn join` does with a person who says yes; tells each step as a
// line of JSON. Words: data folder, name.
import { machineWorld } from '#host'
import { findControllers } from '../../src/main/discovery/find.ts'
import { joinFound } from '../../src/main/joining/join-found.ts'

const [dataFolder = '', name = ''] = process.argv.slice(2)
const none = new AbortController().signal
const tell = (value: unknown) => console.log(JSON.stringify(value))

const found = await findControllers(machineWorld.clock, none)
tell({ found })
const [first] = found
if (first !== undefined) {
  const place = { fingerprint: first.fingerprint, addresses: [first.address] }
  const person = { showCode: (code: string) => tell({ code }), isConfirmed: async () => true }
  tell({ joined: await joinFound({ place, dataFolder, name }, person, machineWorld, none) })
}
