/** When a node is withheld because of its outcomes, and for how long. */
export interface EjectionOptions {
  /** So many failures in a row. Default 5. */
  consecutive?: number | undefined
  /** So many failures in a row that were all of the connect phase. Default 3. */
  connect?: number | undefined
  /** No answer for so long (and for ten times its usual latency), while `consecutive` requests wait for one. Default 1000. */
  silenceMs?: number | undefined
  /** A lower share of successes over `windowMs`, once there were `minRequests`. Default 0.8. */
  successRatio?: number | undefined
  /** Default 10000. */
  windowMs?: number | undefined
  /** Default 10. */
  minRequests?: number | undefined
  /** How long the first ejection lasts; each further one twice as long, ± 50 %. A minute without one takes one off the count. Default 1000. */
  baseMs?: number | undefined
  /** Default 60000. */
  maxMs?: number | undefined
  /** At most this share of a service's nodes is ejected at once, and never the last one. Default 0.5. */
  maxRatio?: number | undefined
}

/** How much failover a service is allowed, so that failing nodes do not get a multiple of the load that they fail under. */
export interface RetryBudgetOptions {
  /** Failovers per request, over the last 10 s. Default 0.2. */
  ratio?: number | undefined
  /** Failovers a second that are allowed whatever the load. Default 10. */
  perSecond?: number | undefined
}

/** Where requests wait while every node is full. */
export interface QueueOptions {
  /** How many requests of a service wait at most; 0: none. Default 1024. */
  size?: number | undefined
  /** How long each waits at most. Default 1000. */
  timeoutMs?: number | undefined
}

/** Active health checks, for nodes that send no heartbeats. */
export interface HealthOptions {
  /** What is asked for with GET; any status from 200 to 399 is well. */
  path: string
  /** Default 2000, ± 10 %. */
  intervalMs?: number | undefined
  /** Default 1000. */
  timeoutMs?: number | undefined
  /** So many good checks in a row bring a node back. Default 2. */
  rise?: number | undefined
  /** So many bad checks in a row take a node out. Default 3. */
  fall?: number | undefined
}

/** TLS towards the nodes, as `tls.connect` takes it. Certificates are verified unless `rejectUnauthorized: false`. */
export interface TlsOptions {
  ca?: string | Buffer | Array<string | Buffer> | undefined
  cert?: string | Buffer | undefined
  key?: string | Buffer | undefined
  servername?: string | undefined
  rejectUnauthorized?: boolean | undefined
}

/** A static node: it has no lease and never expires. */
export interface StaticNode {
  /** `scheme://host:port`. */
  origin: string
  /** Default: host:port of the origin. */
  id?: string | undefined
  /** 0 to 1000. Default 1. */
  weight?: number | undefined
  zone?: string | undefined
  version?: string | undefined
  tags?: Record<string, string> | undefined
}

/** Where DNS says that nodes are: Kubernetes' headless services, Consul. Asked again by the answer's time to live, within 1 s to 30 s. */
export type DiscoverOptions = (
  /** A name with SRV records, as `_http._tcp.orders.example`: of those with the lowest priority the port, and the weight from 1 to 1000. */
  | { srv: string }
  /** A name with A or AAAA records, one for each node, and their port. */
  | { a: string, port: number }
) & {
  /** How the nodes are spoken to. Default `http`. */
  scheme?: 'http' | 'https' | undefined
  /** Name servers to ask, as `10.0.0.2` or `10.0.0.2:8600`. Default: the system's. */
  servers?: readonly string[] | undefined
}
