import { expiredNodes } from '../../dist/esm/lib/health/expired-nodes.js'
import { resolveGateway } from '../../dist/esm/lib/options/gateway.js'
import { RunningAttempt } from '../../dist/esm/lib/proxy/attempt.js'
import { Service } from '../../dist/esm/lib/proxy/service.js'
import { NodeRegistry } from '../../dist/esm/lib/registry/registry.js'

/** The real parts that gateways of the model are made of, as they were built, and the defaults of a service as they are shipped. */
export const library = { expiredNodes, NodeRegistry, RunningAttempt, Service, defaults: resolveGateway({}).defaults }
