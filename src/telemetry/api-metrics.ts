import { Counter, Gauge, Histogram, Registry } from './library.ts'
import { addControllerMetrics, type ControllerReading } from './controller-metrics.ts'
import { addNodeMetrics, type NodeReading } from './node-metrics.ts'

/** What the process takes, as its owner sees it. */
export interface ProcessReading {
  readonly cpuSeconds: number
  readonly residentBytes: number
  /** Seconds since 1970. */
  readonly startedSeconds: number
}

/** A request that has been answered. */
interface Answered {
  readonly verb: string
  readonly resource: string
  readonly code: number
  readonly seconds: number
}

/**
 * Counts requests and watches under the names Kubernetes' own server gives them, so that dashboards made for it work
 * (kubernetes.io/docs/reference/instrumentation/metrics).
 */
export class ApiMetrics {
  readonly #registry = new Registry()
  readonly #total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests, by what they wanted and how they were answered.',
    labelNames: ['verb', 'resource', 'code'],
    registers: [this.#registry],
  })
  readonly #seconds = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Seconds until the answer began.',
    labelNames: ['verb', 'resource'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [this.#registry],
  })
  readonly #inFlight = new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests under way.',
    registers: [this.#registry],
  })
  readonly #watches = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches under way.',
    labelNames: ['verb', 'resource'],
    registers: [this.#registry],
  })

  constructor(read: () => ProcessReading) {
    this.#processGauge('process_cpu_seconds_total', 'Seconds of processor time.', () => read().cpuSeconds)
    this.#processGauge('process_resident_memory_bytes', 'Bytes of memory in use.', () => read().residentBytes)
    this.#processGauge(
      'process_start_time_seconds',
      'When it began, in seconds since 1970.',
      () => read().startedSeconds,
    )
  }

  /** A request begins; the answer is called when it ends. */
  began(): (answered: Answered) => void {
    this.#inFlight.inc()
    return ({ verb, resource, code, seconds }) => {
      this.#inFlight.dec()
      this.#total.inc({ verb, resource, code })
      // A watch lasts as long as it is wanted: its time tells nothing.
      if (verb !== 'watch') this.#seconds.observe({ verb, resource }, seconds)
    }
  }

  /** A watch begins; the answer is called when it ends. */
  watching(resource: string): () => void {
    const labels = { verb: 'watch', resource }
    this.#watches.inc(labels)
    return () => this.#watches.dec(labels)
  }

  /** Counts controllers too, from now on. */
  countControllers(read: () => readonly ControllerReading[]): void {
    addControllerMetrics(this.#registry, read)
  }

  /** Tells of machines too, from now on; `read` does not fail. */
  tellNodes(read: () => Promise<readonly NodeReading[]>): void {
    addNodeMetrics(this.#registry, read)
  }

  /** All counts in Prometheus' text form. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  #processGauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    })
  }
}
