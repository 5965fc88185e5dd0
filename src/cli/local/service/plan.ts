import { cliFault } from '../../faults.ts'

/** What decides how Cairn is run as a service. */
export interface ServiceSurroundings {
  readonly isRoot: boolean
  readonly user: string
  /** Which of these is in charge of this machine; undefined: neither. */
  readonly manager: 'systemd' | 'openrc' | undefined
  /** Below which service files are written: `/`, but for tests. */
  readonly root: string
  /** Where a user keeps settings: `~/.config`. */
  readonly configFolder: string
  /** The program and its first words that run `cairn`. */
  readonly program: readonly string[]
  readonly dataFolder: string
  /** Options of `cairn up` that it is started with. */
  readonly options: readonly string[]
  /** Settings in the environment that the service keeps. */
  readonly settings: Readonly<Record<string, string>>
}

/** A service, how it is installed and removed: each a list of commands in words. */
export interface ServicePlan {
  readonly file: string
  readonly content: string
  readonly mode: number
  /** After each change of the file. */
  readonly reload: readonly (readonly string[])[]
  readonly install: readonly (readonly string[])[]
  readonly remove: readonly (readonly string[])[]
  /** Commands that show how it is. */
  readonly look: readonly string[]
  /** What else somebody should know. */
  readonly hints: readonly string[]
}

/** How Cairn is run from the start of this machine on. Faults: Local (nothing here runs services, or only for root). */
export function servicePlan(around: ServiceSurroundings): ServicePlan {
  if (around.manager === 'systemd') return around.isRoot ? systemPlan(around) : userPlan(around)
  if (around.manager === 'openrc' && around.isRoot) return openrcPlan(around)
  const why =
    around.manager === 'openrc'
      ? 'OpenRC runs services for root only'
      : 'neither systemd nor OpenRC runs this machine (a container, perhaps)'
  throw cliFault('Local', `Unsupported: ${why}`, {
    hint: `Let whatever starts programs here run: ${[...around.program, ...upWords(around)].join(' ')}`,
  })
}

function upWords({ dataFolder, options }: ServiceSurroundings): readonly string[] {
  return ['up', '--data', dataFolder, ...options]
}

function systemPlan(around: ServiceSurroundings): ServicePlan {
  const file = `${below(around.root)}/etc/systemd/system/${UNIT}`
  return {
    file,
    content: unitText(around, { after: systemUnits(around), target: 'multi-user.target' }),
    mode: 0o644,
    reload: [['systemctl', 'daemon-reload']],
    install: [['systemctl', 'enable', '--now', UNIT]],
    remove: [['systemctl', 'disable', '--now', UNIT]],
    look: [`systemctl status ${UNIT}`, `journalctl -u ${UNIT} -f`],
    hints: [],
  }
}

function userPlan(around: ServiceSurroundings): ServicePlan {
  return {
    file: `${around.configFolder}/systemd/user/${UNIT}`,
    content: unitText(around, { after: '', target: 'default.target' }),
    mode: 0o644,
    reload: [['systemctl', '--user', 'daemon-reload']],
    install: [['systemctl', '--user', 'enable', '--now', UNIT]],
    remove: [['systemctl', '--user', 'disable', '--now', UNIT]],
    look: [`systemctl --user status ${UNIT}`, `journalctl --user -u ${UNIT} -f`],
    hints: [`It runs while you are logged in. For always, once: sudo loginctl enable-linger ${around.user}`],
  }
}

const UNIT = 'cairn.service'

// Units of the system, which units of users do not see: the network, and the disk that the data is on (systemd.unit(5)).
function systemUnits({ dataFolder }: ServiceSurroundings): string {
  return `Wants=network-online.target
After=network-online.target
RequiresMountsFor=${settingWord(dataFolder)}
`
}

// A stop unmounts and writes back: KillMode=mixed tells the supervisor only, and what is left when that has ended. The supervisor
// itself starts a process again that the kernel ended for want of memory: OOMPolicy. However often it fails, it is tried again.
function unitText(around: ServiceSurroundings, { after, target }: { readonly after: string; readonly target: string }) {
  const settings = Object.entries(around.settings).map(
    ([name, value]) => `Environment=${settingWord(`${name}=${value}`)}`,
  )
  return `[Unit]
Description=Cairn
${after}StartLimitIntervalSec=0

[Service]
ExecStart=${[...around.program, ...upWords(around)].map(commandWord).join(' ')}
${settings.map(line => `${line}\n`).join('')}Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=90
OOMPolicy=continue
LimitNOFILE=65536

[Install]
WantedBy=${target}
`
}

// systemd.service(5), "Command lines": $ names a variable, and is doubled.
function commandWord(word: string): string {
  return settingWord(word.replaceAll('$', '$$$$'))
}

// systemd.syntax(7), "Quoting", and systemd.unit(5), "Specifiers": words in double quotes, % doubled. In Environment= a $ is one.
function settingWord(word: string): string {
  const plain = word.replaceAll('%', '%%')
  return /^[A-Za-z0-9_%$=:./@+,-]+$/.test(plain)
    ? plain
    : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

function openrcPlan(around: ServiceSurroundings): ServicePlan {
  const [command = '', ...first] = around.program
  const words = [...first, ...upWords(around)].map(shellWord).join(' ')
  const settings = Object.entries(around.settings).map(([name, value]) => `export ${name}=${shellWord(value)}\n`)
  return {
    file: `${below(around.root)}/etc/init.d/${NAME}`,
    content: `#!/sbin/openrc-run
# Cairn
${settings.join('')}supervisor=supervise-daemon
name="Cairn"
command=${shellWord(command)}
command_args=${shellWord(words)}
respawn_delay=2
respawn_max=0
retry="TERM/90/KILL/5"
output_log=/var/log/cairn.log
error_log=/var/log/cairn.log

depend() {
	need localmount
	want net
	after net firewall
}
`,
    mode: 0o755,
    reload: [],
    install: [
      ['rc-update', 'add', NAME, 'default'],
      ['rc-service', NAME, 'start'],
    ],
    remove: [
      ['rc-service', '--ifstarted', NAME, 'stop'],
      ['rc-update', 'del', NAME, 'default'],
    ],
    look: [`rc-service ${NAME} status`, 'tail -f /var/log/cairn.log'],
    hints: [],
  }
}

const NAME = 'cairn'

function shellWord(word: string): string {
  return /^[A-Za-z0-9_=:./@+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function below(root: string): string {
  return root === '/' ? '' : root
}
