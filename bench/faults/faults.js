import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.js'

/**
 * What goes wrong, by the names that `--only` takes. `inject(workers, unitMs)` does it, beginning at a quarter of the run; a unit is a
 * twelfth of it, so a second. `nodes`: the first so many are hit.
 */
export const faults = {
  none: { title: 'none', nodes: 0, inject: async () => {} },
  kill: { title: '`kill -9` one', nodes: 1, inject: workers => workers.kill(0) },
  'kill-two': { title: '`kill -9` two', nodes: 2, inject: workers => Promise.all([workers.kill(0), workers.kill(1)]) },
  freeze: {
    title: '`SIGSTOP` one for 4 s',
    nodes: 1,
    async inject (workers, unitMs) {
      workers.signal(0, 'SIGSTOP')
      await sleep(4 * unitMs)
      workers.signal(0, 'SIGCONT')
    }
  },
  slow: { title: 'one node 10× slower', nodes: 1, inject: workers => workers.spoil(0, { factor: 10 }) },
  'half-500': { title: 'one node answers 500 at once to half its requests', nodes: 1, inject: workers => workers.spoil(0, { status: 500, share: 0.5 }) },
  'all-503': { title: 'one node answers 503 at once', nodes: 1, inject: workers => workers.spoil(0, { status: 503, share: 1 }) },
  flap: {
    title: 'one node killed and restarted four times',
    nodes: 1,
    async inject (workers, unitMs) {
      const startedAt = now()
      for (let times = 0; times < 4; times++) {
        await sleep(startedAt + 2 * times * unitMs - now())
        await workers.kill(0)
        await sleep(unitMs / 2)
        await workers.restart(0)
      }
    }
  },
  rolling: {
    title: 'rolling restart of all four by SIGTERM',
    nodes: 4,
    async inject (workers, unitMs) {
      for (let index = 0; index < 4; index++) {
        await workers.stop(index)
        await workers.restart(index)
        await sleep(unitMs / 2)
      }
    }
  }
}
