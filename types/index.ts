export type { Agent, AgentOptions, CloseOptions } from './agent.js'
export type { Attempt, AttemptObserver, Outcome } from './attempt.js'
export type { Clock, Random } from './clock.js'
export type { HeartbeatAnswer, HeartbeatBody } from './heartbeat.js'
export type { ChangeReason, LoadReport, Node, NodeChange, NodeInfo, NodeState } from './node.js'
export type {
  BalanceOptions, CallOptions, EjectionOptions, GatewayOptions, HealthOptions, HeartbeatOptions, HeartbeatSecret, HedgeOptions,
  OperationsOptions, PressureOptions, QueueOptions, RetryBudgetOptions, RouteOptions, ServiceOptions, StaticNode, TlsOptions, UpstreamResponse
} from './options.js'
export type { Registry } from './registry.js'
export type { GatewayStatus, NodeStatus, NodeTraffic, ServiceStatus } from './status.js'
export type { Candidate, NonEmpty, PickContext, Strategy, StrategyFactory, StrategyName } from './strategy.js'
