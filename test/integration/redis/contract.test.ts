import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { needs } from '../../support/process.js'
import { startRedis, startRedisCluster } from '../../support/redis-server.js'
import { storeContract } from '../../support/store-contract.js'
import { redisStore } from '../../../lib/stores/redis.js'
import { clients, clusterClients } from './clients.js'

for (const [name, make] of Object.entries(clients)) {
  t.test(`redis by ${name}`, needs('redis-server', 'redis-cli'), async t => {
    const server = await startRedis(t)
    storeContract(t, 'redis', async () => {
      await server.cli('FLUSHALL')
      return { open: async () => redisStore({ client: make(server.port) }), clear: async () => { await server.cli('FLUSHALL') }, pass: sleep }
    })
  })
}

for (const [name, make] of Object.entries(clusterClients)) {
  t.test(`a cluster by ${name}`, needs('redis-server', 'redis-cli'), async t => {
    const server = await startRedisCluster(t)
    storeContract(t, 'a cluster', async () => {
      await server.cli('FLUSHALL')
      return { open: async () => redisStore({ client: make(server.port) }), clear: async () => { await server.cli('FLUSHALL') }, pass: sleep }
    })
  })
}
