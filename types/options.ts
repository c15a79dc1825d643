import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { NodeInfo } from './node.js'
import type { DiscoverOptions, EjectionOptions, HealthOptions, QueueOptions, RetryBudgetOptions, StaticNode, TlsOptions } from './service.js'
import type { RegistryStore } from './store.js'
import type { StrategyFactory, StrategyName } from './strategy.js'

/** How requests are balanced. Layers, later wins: built-in defaults < `defaults` < `services[name]` < route `config.balance` < the call's options. */
export interface BalanceOptions {
  /** How a node is picked. Default `'adaptive'`. */
  strategy?: StrategyName | StrategyFactory | undefined
  /** Offers only a subset of the nodes to a request, for instance by version or zone. Default: all. */
  filter?: ((node: Readonly<NodeInfo>, request: FastifyRequest) => boolean) | undefined
  /** How many attempts a request gets at most; never more than there are nodes. Attempts that never reached a node do not count. Default 3. */
  attempts?: number | undefined
  /** Statuses that fail over to another node, for idempotent requests. Default `[502, 503, 504]`. */
  retryOn?: readonly number[] | undefined
  /** Whether a request may be sent twice. Default by method: GET, HEAD, OPTIONS, TRACE, PUT and DELETE may. */
  idempotent?: boolean | ((request: FastifyRequest) => boolean) | undefined
  /** How long an attempt may take to connect. Default 1000. */
  connectTimeoutMs?: number | undefined
  /** From the dispatch of an attempt to its response head, connecting included. Default 30000. */
  attemptTimeoutMs?: number | undefined
  /** The whole request until its response head, all attempts together. Default 60000. */
  timeoutMs?: number | undefined
  /** How much of a streamed body is kept so that it can be sent again, per request. Default 65536. */
  replayBytes?: number | undefined
  /** Sends x-forwarded-for, -host and -proto; what clients claim is kept only as far as Fastify's `trustProxy` goes. `false`: those headers pass untouched. Default true. */
  forwarded?: boolean | undefined
  /** Sends a second attempt to another node when the first is slower than most; the first answer wins. For safe methods without a body. Default: off. */
  hedge?: HedgeOptions | false | undefined
}

/** When a request that waits is sent to a second node as well. */
export interface HedgeOptions {
  /** The first attempt has taken longer than this share of the service's recent responses. Default 0.95. */
  percentile?: number | undefined
  /** At most this share of those requests of the service that may be hedged. Default 0.05. */
  maxRatio?: number | undefined
}

/** What is configured for one service. */
export interface ServiceOptions extends BalanceOptions {
  /** Nodes that are known from the start. Others may join by heartbeat. */
  nodes?: ReadonlyArray<string | StaticNode> | undefined
  /** Nodes that DNS knows. */
  discover?: DiscoverOptions | undefined
  /** How long a new node takes to its full share. Default 10000; 0: off. */
  slowStartMs?: number | undefined
  /** Below this share of healthy nodes, doubtful ones are offered too. 0: never. Default 0.5. */
  panicThreshold?: number | undefined
  /** Withholds nodes that fail. `false`: never. */
  ejection?: EjectionOptions | false | undefined
  /** Limits failover after an attempt has reached a node. */
  retryBudget?: RetryBudgetOptions | undefined
  /** Attempts that one node may have in flight from this gateway. Default 1024. */
  maxInFlight?: number | undefined
  /** Where requests wait while every node has `maxInFlight`. */
  queue?: QueueOptions | undefined
  /** Active checks, for nodes without agent. Default: off. */
  health?: HealthOptions | false | undefined
  /** TLS towards the nodes of this service. Default: verified with the system's authorities. */
  tls?: TlsOptions | undefined
}

/** One secret of several, for rotation and for scoping. */
export interface HeartbeatSecret {
  /** The key id that the sender names in `x-heartbeat-key`. */
  id: string
  /** At least 16 characters. */
  secret: string
  /** The services that it may register. Default: all. */
  services?: readonly string[] | undefined
}

export interface HeartbeatOptions {
  /** Default `/heartbeat`. */
  path?: string | undefined
  /** The shared secret of all nodes, at least 16 characters. `false`: none is wanted; only loopback peers may register. */
  secret?: string | false | undefined
  /** Several secrets. */
  secrets?: readonly HeartbeatSecret[] | undefined
  /** Replaces the secret: true lets the sender in (mTLS, JWT, …). A throw or false is a 401. */
  authenticate?: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined
  /** Widens which addresses may be registered. Default: only the sender's own. */
  allow?: {
    /** Networks, for instance `10.0.0.0/8`. */
    cidrs?: readonly string[] | undefined
    /** Ports; default: all. */
    ports?: readonly number[] | undefined
    /** Host names, exact or as `.suffix`. */
    hosts?: readonly string[] | undefined
  }
  /** The services that may be registered. Default: any. */
  services?: readonly string[] | undefined
  /** How often nodes are told to beat; stretched when there are many. Default 1000. */
  intervalMs?: number | undefined
  /** A lease lasts this many intervals. Default 3. */
  missed?: number | undefined
  /** More nodes than this are refused. Default 10000. */
  maxNodes?: number | undefined
}

/** Options of @fastify/under-pressure that make sense for the gateway itself; all thresholds are off by default. */
export interface PressureOptions {
  maxEventLoopDelay?: number | undefined
  maxEventLoopUtilization?: number | undefined
  maxHeapUsedBytes?: number | undefined
  maxRssBytes?: number | undefined
  /** Seconds. Default 10. */
  retryAfter?: number | undefined
  message?: string | undefined
  sampleInterval?: number | undefined
}

export interface OperationsOptions {
  /** Default `/_balance`. */
  prefix?: string | undefined
  /** Lets a request in by true; a throw or false is a 403. Without it only loopback peers are served, and none with NODE_ENV=production. */
  authorize?: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined
}

/** What `app.register(balance, options)` takes. */
export interface GatewayOptions {
  /** Per service, by its name. */
  services?: Record<string, ServiceOptions> | undefined
  /** For every service. */
  defaults?: Omit<ServiceOptions, 'nodes' | 'discover'> | undefined
  /** `false`: no heartbeat route. */
  heartbeat?: HeartbeatOptions | false | undefined
  /** Where the gateways of a group share what they know, for instance `redisStore({ client })`. Default: nowhere. */
  store?: RegistryStore | undefined
  /** The addresses of all gateways of this group, told to agents. With a store they are learned. */
  gateways?: readonly string[] | undefined
  /** Where agents reach this gateway; told to them through the store. Default: where it listens, or, where it listens on all addresses, the first of this machine that others can reach. */
  address?: string | undefined
  /** How long `app.gateway.drain()` lets the gateway serve on, so that whoever sends it traffic can notice. Default 2000 with `store` or `gateways`, else 0. */
  drainMs?: number | undefined
  /** `false`: @fastify/under-pressure is not registered for the gateway. */
  pressure?: PressureOptions | false | undefined
  /** After its start, how long a gateway lets a request to a service wait for the service's first node to be heard of, instead of answering 503. 0: not at all. Default 2000. */
  warmUpMs?: number | undefined
  /** `false`: no operations routes. */
  operations?: OperationsOptions | false | undefined
}

/** Options of one `reply.balance()` call: those of balancing and those of `reply.from()`, which keep their meaning. */
export interface CallOptions extends BalanceOptions {
  /** The path to request instead of the request's own. */
  path?: string | undefined
  /** Sends this body instead of the request's: JSON, or as `contentType` says. null: none. */
  body?: unknown
  contentType?: string | undefined
  method?: HTTPMethods | undefined
  queryString?: Record<string, unknown> | ((search: string | undefined, url: string, request: FastifyRequest) => string) | undefined
  rewriteHeaders?: ((headers: IncomingHttpHeaders, request?: FastifyRequest) => IncomingHttpHeaders) | undefined
  rewriteRequestHeaders?: ((request: FastifyRequest, headers: IncomingHttpHeaders) => IncomingHttpHeaders) | undefined
  /** Called instead of sending the response to the client, also async. What it throws is answered as an error; what it returns does not matter. */
  onResponse?: ((request: FastifyRequest, reply: FastifyReply, response: UpstreamResponse) => unknown) | undefined
  /** Called instead of sending the error: one of this package, or what another hook has thrown. Also async. What it throws is sent; what it returns does not matter. */
  onError?: ((reply: FastifyReply, error: { error: FastifyError }) => unknown) | undefined
  /** In ms: until the response head (instead of `attemptTimeoutMs`) and between two pieces of the body (default 300000). 0: no limit, as event streams want. */
  timeout?: number | undefined
}

/** What an `onResponse` hook is given. */
export interface UpstreamResponse {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  readonly stream: NodeJS.ReadableStream
}

/** `config.balance` of a route. */
export interface RouteOptions extends BalanceOptions {
  /** The service that `reply.balance()` sends to when the call names none. */
  service?: string | undefined
}
