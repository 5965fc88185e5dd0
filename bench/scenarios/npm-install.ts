import type { Scenario } from '../scenario.ts'

/** An install of this project's own packages, from npm's cache. */
export const npmInstall: Scenario = {
  name: 'npm-install',
  roundsMax: 1,
  rows: [{ id: 'npm-ci', title: 'npm ci from its cache', unit: 's', better: 'lower' }],
  async run({ folder, seed, command, record }) {
    await command(['cp', '-r', seed.project, `${folder}/project`])
    const words = ['npm', 'ci', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    record('npm-ci', await command(words, `${folder}/project`))
  },
}
