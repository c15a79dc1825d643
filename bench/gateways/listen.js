/** Starts a Fastify app on a free loopback port; what every Fastify gateway of the benchmark ends with. */
export async function listen (app) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: app.server.address().port }
}

/** The Fastify options of every Fastify gateway of the benchmark. */
export const fastifyOptions = Object.freeze({ logger: false })
