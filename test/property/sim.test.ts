import { test } from 'tap'
import { gates } from '../../bench/sim/gates.js'
import { Measurements } from '../../bench/sim/measurements.js'
import { expiredNodes } from '../../lib/health/expired-nodes.js'
import { resolveGateway } from '../../lib/options/gateway.js'
import { RunningAttempt } from '../../lib/proxy/attempt.js'
import { Service } from '../../lib/proxy/service.js'
import { NodeRegistry } from '../../lib/registry/registry.js'
import { fixedSeed } from '../support/random.js'

const library = { expiredNodes, NodeRegistry, RunningAttempt, Service, defaults: resolveGateway({}).defaults }
const size = { seed: fixedSeed, requests: 40_000 }
const measurements = new Measurements(library, size)

for (const { name, claim, check } of gates) {
  test(`simulation, ${name} — ${claim}`, async t => {
    const { found, holds } = check(measurements)
    t.ok(holds, `${found} (${size.requests} requests, seed ${size.seed})`)
  })
}
