import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { needs, until } from '../../support/process.js'
import { startRedisCluster } from '../../support/redis-server.js'
import { leaseWith } from '../../support/store-contract.js'
import { clusterClients, storeOf } from './clients.js'

for (const [name, make] of Object.entries(clusterClients)) {
  t.test(`by ${name}`, needs('redis-server', 'redis-cli'), async t => {
    const server = await startRedisCluster(t)
    const store = storeOf(t, make(server.port))
    let hints = 0
    store.onHint(() => { hints++ })
    await until(() => hints > 0, 'the first hint')
    const call = (): Promise<boolean> => store.put(leaseWith({ incarnation: null, seq: null })).then(() => true, () => false)
    const connections = async (): Promise<number> => (await server.cli('CLIENT', 'LIST')).split('\n').length - 1
    await call()
    const atFirst = await connections()

    // One that is idle is not taken for a dead one.
    await sleep(2500)
    t.equal(hints, 2, 'the first one and that of the put: nothing was lost meanwhile')
    t.equal(await connections(), atFirst)

    server.freeze()
    for (const end = performance.now() + 3000; performance.now() < end;) {
      const startedAt = performance.now()
      t.equal(await call(), false)
      t.ok(performance.now() - startedAt < 650, 'a frozen cluster makes calls fail in time')
      await sleep(100)
    }
    server.thaw()
    await until(call, 'it is used when it goes on', 1500)

    await server.kill()
    for (let turn = 0; turn < 10; turn++) {
      t.equal(await call(), false)
      await sleep(50)
    }
    await server.restart()
    await until(async () => (await server.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'), 'the cluster is ready')
    await until(call, 'it is used when it is back', 2000)
    await until(async () => {
      const before = hints
      await store.put(leaseWith({ info: { id: `${Math.random()}` } }))
      await store.changes(undefined)
      await sleep(100)
      return hints > before
    }, 'hints are back', 5000)
    t.comment(`${atFirst} connections at first, ${await connections()} at last`)
    await until(async () => await connections() <= atFirst, 'no connection is left over', 5000)
  })
}
