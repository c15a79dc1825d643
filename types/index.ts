export type { Agent, AgentOptions, CloseOptions } from './agent.js'
export type { Attempt, AttemptObserver, Outcome } from './attempt.js'
export type { Clock, Random } from './clock.js'
export type { Gateway } from './gateway.js'
export type { HeartbeatAnswer, HeartbeatBody } from './heartbeat.js'
export type { ChangeReason, LoadReport, Node, NodeChange, NodeInfo, NodeState } from './node.js'
export type {
  BalanceOptions, CallOptions, GatewayOptions, HeartbeatOptions, HeartbeatSecret, HedgeOptions, OperationsOptions, PressureOptions,
  RouteOptions, ServiceOptions, UpstreamResponse
} from './options.js'
export type { Registry } from './registry.js'
export type { DiscoverOptions, EjectionOptions, HealthOptions, QueueOptions, RetryBudgetOptions, StaticNode, TlsOptions } from './service.js'
export type { GatewayStatus, NodeStatus, NodeTraffic, ServiceStatus } from './status.js'
export type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges, StoredLease } from './store.js'
export type { Candidate, NonEmpty, PickContext, Strategy, StrategyFactory, StrategyName } from './strategy.js'
