import underPressure from '@fastify/under-pressure'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { samplePressure } from '../../../lib/pressure.js'
import type { Pressure } from '../../../lib/pressure.js'

const zeros = { heapUsed: 0, rssBytes: 0, eventLoopDelay: 0, eventLoopUtilized: 0 }
/** Exceeded from the first sample on. */
const exceeded = { maxRssBytes: 1, sampleInterval: 10 }

function appOf (t: { teardown (task: () => unknown): void }): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/', async () => 'ok')
  return app
}

async function sampled (pressure: Pressure): Promise<void> {
  while (pressure.memoryUsage().rssBytes === 0) await new Promise(resolve => setTimeout(resolve, 5))
}

t.test('nothing is decorated, and the options stay as they were', async t => {
  const app = appOf(t)
  const options = Object.freeze({ ...exceeded })
  const pressure = await samplePressure(app, options)
  t.notOk(app.hasDecorator('isUnderPressure') || app.hasDecorator('memoryUsage'))
  t.same(pressure.memoryUsage(), zeros)
  t.equal(pressure.isUnderPressure(), false)
})

t.test('its hooks reach the app: under pressure it answers 503', async t => {
  const app = appOf(t)
  const pressure = await samplePressure(app, { ...exceeded, retryAfter: 7, message: 'busy' })
  await sampled(pressure)
  t.ok(pressure.isUnderPressure())
  const response = await app.inject('/')
  t.match(response, { statusCode: 503, headers: { 'retry-after': '7' } })
  t.match(response.json(), { message: 'busy' })
})

t.test('utilization is that of the last interval', async t => {
  const app = appOf(t)
  const pressure = await samplePressure(app, { sampleInterval: 20 })
  await sampled(pressure)
  // Since the start of the process it would never fall that low again: starting up is all work.
  while (pressure.memoryUsage().eventLoopUtilized > 0.2) await new Promise(resolve => setTimeout(resolve, 20))
})

t.test('an app that has under-pressure already is asked, and keeps its thresholds', async t => {
  const app = appOf(t)
  await app.register(underPressure, exceeded)
  const pressure = await samplePressure(app, {})
  await sampled(pressure)
  t.equal(pressure.isUnderPressure(), true)
  t.same(pressure.memoryUsage(), app.memoryUsage())
})

t.test('an app may register under-pressure later, in the same scope, and its thresholds count too', async t => {
  const app = appOf(t)
  const pressure = await samplePressure(app, {})
  await app.register(underPressure, exceeded)
  await sampled(app)
  t.equal((await app.inject('/')).statusCode, 503)
  t.equal(pressure.isUnderPressure(), true)
})

t.test('our thresholds count when the app has none', async t => {
  const app = appOf(t)
  const pressure = await samplePressure(app, exceeded)
  await app.register(underPressure)
  await sampled(pressure)
  t.equal(pressure.isUnderPressure(), true)
  t.equal(app.isUnderPressure(), false)
})

t.test('twice in one scope is no collision', async t => {
  const app = appOf(t)
  await samplePressure(app, {})
  await samplePressure(app, {})
  t.equal((await app.inject('/')).statusCode, 200)
})
