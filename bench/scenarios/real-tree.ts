import type { Scenario } from '../scenario.ts'

/** What people do with a real tree: packages of this checkout in a git repository. */
export const realTree: Scenario = {
  name: 'real-tree',
  roundsMax: 1,
  rows: [
    { id: 'untar', title: 'untar', unit: 's', better: 'lower' },
    { id: 'git-status-cold', title: 'git status, cold', unit: 's', better: 'lower' },
    { id: 'git-status-hot', title: 'git status, again', unit: 's', better: 'lower' },
    { id: 'git-checkout', title: 'git checkout, 1 file in 8', unit: 's', better: 'lower' },
    { id: 'cp-a', title: 'cp -a', unit: 's', better: 'lower' },
    { id: 'find-cold', title: 'find -size, cold', unit: 's', better: 'lower' },
    { id: 'tar-cold', title: 'tar of it, cold', unit: 's', better: 'lower' },
    { id: 'rm-r', title: 'rm -r', unit: 's', better: 'lower' },
  ],
  whyNot: seed => (seed.hasGit ? undefined : 'git is not installed: sudo apt-get install git'),
  async run({ folder, seed, command, chill, record }) {
    const tree = `${folder}/tree`
    record('untar', await command(['tar', '-xf', seed.tar, '-C', folder]))
    // The first one reads every file, because the times in the index are those of another tree.
    await command(['git', 'status', '--short'], tree)
    await chill()
    record('git-status-cold', await command(['git', 'status', '--short'], tree))
    record('git-status-hot', await command(['git', 'status', '--short'], tree))
    record('git-checkout', await command(['git', 'checkout', '-q', 'changed'], tree))
    record('cp-a', await command(['cp', '-a', tree, `${folder}/copy`]))
    await chill()
    record('find-cold', await command(['find', `${folder}/copy`, '-size', '+1000k']))
    await chill()
    // Through a pipe, because tar reads nothing when it writes to /dev/null itself.
    record('tar-cold', await command(['sh', '-c', 'tar -cf - copy | cat > /dev/null'], folder))
    record('rm-r', await command(['rm', '-r', `${folder}/copy`]))
  },
}
